/*
 * THE WAY NOT TO DO IT, for comparison only: the mail is sent inside the request.
 *
 * - The user waits for the server of another company. When it is slow, the signup is slow. When it is down, no signup
 *   works.
 * - There are two systems and no transaction. `sendThenSave` may fail between the two: a welcome without an account.
 *   `saveThenSend` may fail there, too: an account without a welcome.
 * - There is no retry. A failed signup, or its mail, is lost.
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
export async function sendThenSave({ name, email }: SignupInput): Promise<void> {
  const failure = await sendWelcome(name, email)
  if (failure) throw new Error(failure)
  await prisma().user.create({ data: { name, email } })
}

/** Creates the user, then sends the welcome. The account must not fail because of a mail, so a lost mail is ignored. */
export async function saveThenSend({ name, email }: SignupInput): Promise<{ lostMail?: string }> {
  await prisma().user.create({ data: { name, email } })
  return { lostMail: await sendWelcome(name, email) }
}

/** Returns a reason code if the mail was not sent. */
async function sendWelcome(name: string, to: string): Promise<string | undefined> {
  const resend = new Resend(ACCOUNT, { baseUrl: env('RESEND_BASE_URL') })
  const mail = {
    from: env('EMAIL_FROM'),
    to,
    subject: 'Welcome to Behind the Scenes',
    text: `Welcome, ${name}. You have waited for this mail.`,
  }
  const { error } = await resend.emails.send(mail, { signal: AbortSignal.timeout(TIMEOUT_MS) })
  return error?.name
}
