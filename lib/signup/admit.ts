import { readInput } from '../http/input'
import { limit } from '../limits'
import { formInput, judgeForm } from './form'
import { MAX_BYTES, type SignupInput } from './input'

/**
 * Reads who wants to sign up, and turns away whoever comes too often: at the door a visitor, before anything is read.
 * @throws {Problem} 429 and 503 with Retry-After, 422 naming what is wrong, and what `readInput` throws
 */
export async function admitSignup(request: Request): Promise<SignupInput> {
  await limit('signup', request)
  const { name, email, form } = await readInput(request, formInput, MAX_BYTES)
  judgeForm(form)
  await limit('everybody', '')
  return { name, email }
}
