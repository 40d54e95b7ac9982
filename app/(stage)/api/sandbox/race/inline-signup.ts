/*
 * THE WAY NOT TO DO IT, for comparison only: the mail is sent inside the request.
 *
 * - The user waits for the server of another company. When it is slow, the signup is slow. When it is down, no signup
 *   works.
 * - There are two systems and no transaction. Here, the insert may fail after the mail went out: a welcome without an
 *   account. In the other order, the mail may fail after the insert: an account without a welcome.
 * - There is no retry. A failed signup is lost.
 *
 * The right way is lib/signup/signup.ts.
 */

import { prisma } from '@/lib/db/prisma'
import { env } from '@/lib/env'
import type { Message } from '@/lib/mail/message'
import { sendBatch } from '@/lib/sending/resend'
import type { SignupInput } from '@/lib/signup/input'

/** Sends the welcome, then creates the user. @throws {Error} with a reason code as its message */
export async function signUpInline({ name, email }: SignupInput): Promise<void> {
  const text = `Welcome, ${name}. You have waited for this mail.`
  const message: Message = {
    from: env('EMAIL_FROM'),
    to: email,
    subject: 'Welcome to Behind the Scenes',
    html: `<p>${text}</p>`,
    text,
    tags: [{ name: 'email_id', value: crypto.randomUUID() }],
  }
  const outcome = await sendBatch({ id: `inline/${email}`, messages: [message], createdAt: new Date(0) })
  if (outcome.kind !== 'accepted') throw new Error(outcome.reason)
  await prisma().user.create({ data: { name, email } })
}
