/*
 * THE WAY NOT TO DO IT, for comparison only: the mail is sent inside the request.
 *
 * - The person waits for somebody else's server. When that one is slow, the signup is slow; when it is down, nobody
 *   can sign up.
 * - Two systems, no transaction. Whichever comes first, the other may fail: here somebody gets a welcome without an
 *   account; the other way round they would have an account and never a welcome.
 * - Nobody tries again. What failed is gone.
 *
 * The right way is lib/signup/signup.ts.
 */

import { prisma } from '@/lib/db/prisma'
import { env } from '@/lib/env'
import type { Message } from '@/lib/mail/message'
import { sendBatch } from '@/lib/sending/resend'
import type { SignupInput } from '@/lib/signup/input'

/** Sends the welcome, and creates the user if that has worked. @throws {Error} whose message is a reason code */
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
