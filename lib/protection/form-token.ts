import { z } from 'zod'
import { databaseNow } from '../db/clock'
import { env } from '../env'
import { Problem } from '../http/problem'
import { readSigned, sign } from '../sign'
import { signupInput } from '../signup/input'

/** What our own form sends besides. Other programs leave it out. */
export const formInput = z.strictObject({
  ...signupInput.shape,
  /** A field that no person sees: what fills it in is a program. */
  website: z.literal('', 'Only programs fill this in. Leave it empty.').optional(),
  form: z.string().optional(),
})

/** What a page gets for its form: a token with the time, which proves later how long it took to fill it in. */
export type FormPass = { token: string; minSeconds: number }

export async function createFormPass(): Promise<FormPass> {
  return { token: sign('form', `${Math.floor(await databaseNow())}`), minSeconds: env('FORM_MIN_SECONDS') }
}

/**
 * A page may be open for days: its token does not expire, and it may be used for whom else somebody signs up.
 * @throws {Problem} 422 when it is too new, or not one of ours, or when there is none and FORM_ONLY wants one
 */
export async function checkFormToken(token: string | undefined): Promise<void> {
  if (token === undefined && !env('FORM_ONLY')) return
  const madeAt = readSigned('form', token ?? '')
  const error =
    madeAt === undefined
      ? 'This form is too old. Please try again.'
      : (await databaseNow()) - Number(madeAt) < env('FORM_MIN_SECONDS') * 1000 &&
        'That was too quick. Please try again.'
  if (error) throw new Problem(422, 'Check what you entered', { errors: { form: [error] } })
}
