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

import { Resend } from 'resend'
import { prisma } from '@/lib/db/prisma'
import { env } from '@/lib/env'
import type { SignupInput } from '@/lib/signup/input'

/** An account of its own at the mail service, so that neither lane of the race uses up the limit of the other. */
const ACCOUNT = 're_inline'
const TIMEOUT_MS = 10_000

/** Sends the welcome, then creates the user. @throws {Error} with a reason code as its message */
export async function signUpInline({ name, email }: SignupInput): Promise<void> {
  const mail = {
    from: env('EMAIL_FROM'),
    to: email,
    subject: 'Welcome to Behind the Scenes',
    text: `Welcome, ${name}. You have waited for this mail.`,
  }
  const resend = new Resend(ACCOUNT, { baseUrl: env('RESEND_BASE_URL') })
  const { error } = await resend.emails.send(mail, { signal: AbortSignal.timeout(TIMEOUT_MS) })
  if (error) throw new Error(error.name)
  await prisma().user.create({ data: { name, email } })
}
