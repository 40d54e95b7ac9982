import { z } from 'zod'
import { databaseNow } from '../db/clock'
import { env } from '../env'
import { Problem } from '../http/problem'
import { readSigned, sign } from '../sign'
import { signupInput } from '../signup/input'

/** Only the signup form sends `website` and `form`. */
export const formInput = z.strictObject({
  ...signupInput.shape,
  /** A honeypot: people do not see it. */
  website: z.literal('', 'Leave this field empty. It catches bots.').optional(),
  form: z.string().optional(),
})

export type FormPass = { token: string; minSeconds: number }

/** Signs the time by the database's clock, which `checkFormToken` compares. */
export async function createFormPass(): Promise<FormPass> {
  return { token: sign('form', `${Math.floor(await databaseNow())}`), minSeconds: env('FORM_MIN_SECONDS') }
}

/** Rejects a form that comes back too soon. @throws {Problem} 422, also when not signed by us, or missing under FORM_ONLY */
export async function checkFormToken(token: string | undefined): Promise<void> {
  if (token === undefined && !env('FORM_ONLY')) return
  const madeAt = readSigned('form', token ?? '')
  if (madeAt === undefined) throw formProblem('We could not check this form. Please try again.')
  const age = (await databaseNow()) - Number(madeAt)
  if (age < env('FORM_MIN_SECONDS') * 1000) throw formProblem('That was too quick. Please try again.')
}

function formProblem(error: string): Problem {
  return new Problem(422, 'Check what you entered', { errors: { form: [error] } })
}
