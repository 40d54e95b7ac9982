import { env, inSandbox } from '../env'
import { Problem } from '../http/problem'
import { count, rejectIfAny } from '../protection/limits'
import { isSameSecret } from '../sign'

const TOKENS = [
  'OPERATOR_TOKEN',
  'BACKSTAGE_TOKEN', // stage
] as const

/** Checks for OPERATOR_TOKEN. True in a sandbox without one, false after too many wrong tokens. */
export async function isOperator(headers: Headers): Promise<boolean> {
  if (inSandbox() && env('OPERATOR_TOKEN') === undefined) return true
  try {
    return await knowsPassword(headers, TOKENS.map(env), ['basic', 'bearer'])
  } catch (error) {
    if (error instanceof Problem) return false
    throw error
  }
}

type Scheme = 'basic' | 'bearer'

/** Checks for a token, as Bearer or as a password. @throws {Problem} 429 after many wrong ones, even for the right one */
export async function knowsPassword(
  headers: Headers,
  tokens: (string | undefined)[],
  schemes: Scheme[],
): Promise<boolean> {
  const good = tokens.filter((token) => token !== undefined)
  if (good.length === 0 || !headers.has('authorization')) return false
  const { rejections, refund } = await count(['password', { headers }])
  rejectIfAny(rejections)
  const given = readPassword(headers, schemes)
  if (given === undefined || !good.some((token) => isSameSecret(given, token))) return false
  await refund()
  return true
}

function readPassword(headers: Headers, schemes: Scheme[]): string | undefined {
  const [scheme = '', credentials = ''] = (headers.get('authorization') ?? '').split(' ')
  const known = schemes.find((one) => one === scheme.toLowerCase())
  if (known !== 'basic') return known && credentials
  const decoded = Buffer.from(credentials, 'base64').toString()
  return decoded.slice(decoded.indexOf(':') + 1)
}
