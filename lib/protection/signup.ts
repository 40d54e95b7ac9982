import type { Transaction } from '../db/prisma'
import { readInput } from '../http/input'
import { toMailbox } from '../sending/mailbox'
import { MAX_BYTES, type SignupInput } from '../signup/input'
import { type Signup, signUp } from '../signup/signup'
import { checkFormToken, formInput } from './form-token'
import { type Hit, withinLimits } from './limits'
import { withinCapacity } from './overload'

/** Reads and checks a signup. @throws {Problem} 422 with errors by field, and what `readInput` throws */
export async function readSignup(request: Request): Promise<SignupInput> {
  const { name, email, form } = await readInput(request, formInput, MAX_BYTES)
  await checkFormToken(form)
  return { name, email }
}

/**
 * Signs up within all limits. A replay and a failure with a 4xx are refunded in all counters but the visitor's. A failure with a
 * 5xx is refunded in all.
 * @param inTransaction as for `signUp`
 * @throws {Problem} 429 and 503 with Retry-After, and what `signUp` throws
 */
export async function signUpWithinLimits(
  request: Request,
  input: SignupInput,
  key: string | undefined,
  inTransaction: (tx: Transaction, userId: string) => Promise<void>,
): Promise<Signup & { isReplay: boolean }> {
  const hits: Hit[] = [
    ['signup', request],
    ['allSignups', ''],
    ['mailbox', toMailbox(input.email)],
  ]
  return await withinLimits(hits, (rejectIfFull) =>
    withinCapacity(() =>
      signUp(input, key, async (tx, userId) => {
        rejectIfFull()
        await inTransaction(tx, userId)
      }),
    ),
  )
}
