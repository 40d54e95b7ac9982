import type { Transaction } from '../db/prisma'
import { readInput } from '../http/input'
import { toMailbox } from '../sending/mailbox'
import { MAX_BYTES, type SignupInput } from '../signup/input'
import { type Signup, signUp } from '../signup/signup'
import { checkFormToken, formInput } from './form-token'
import { limit, uncount } from './limits'
import { withinCapacity } from './overload'

/**
 * Reads who wants to sign up, and turns away whoever comes too often: at the door a visitor, before anything is read.
 * @throws {Problem} 429 and 503 with Retry-After, 422 naming what is wrong, and what `readInput` throws
 */
export async function readSignup(request: Request): Promise<SignupInput> {
  await limit('signup', request)
  const { name, email, form } = await readInput(request, formInput, MAX_BYTES)
  await checkFormToken(form)
  await limit('everybody', '')
  return { name, email }
}

/**
 * Signs somebody up, unless their mailbox has been sent enough mail for today. Only what commits counts as a mail, and a
 * replay asks for none: it is answered even when the limit is reached.
 * @param join as for `signUp`
 * @throws {Problem} 429 with Retry-After, and what `signUp` throws
 */
export async function signUpWithinLimit(
  input: SignupInput,
  key: string | undefined,
  join: (tx: Transaction, userId: string) => Promise<void>,
): Promise<Signup & { isReplay: boolean }> {
  const mailbox = toMailbox(input.email)
  let isNewMail = false
  try {
    const refusal = await limit('mailbox', mailbox).catch((problem) => problem)
    if (refusal && !key) throw refusal
    const signup = await withinCapacity(() =>
      signUp(input, key, async (tx, userId) => {
        if (refusal) throw refusal
        await join(tx, userId)
      }),
    )
    isNewMail = !signup.isReplay
    return signup
  } finally {
    if (!isNewMail) await uncount('mailbox', mailbox)
  }
}
