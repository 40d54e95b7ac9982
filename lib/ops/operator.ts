import { createHash, timingSafeEqual } from 'node:crypto'
import { env, inSandbox } from '../env'
import { Problem } from '../http/problem'
import { count, refuse } from '../protection/limits'

const TOKENS = [
  'OPERATOR_TOKEN',
  'BACKSTAGE_TOKEN', // stage
] as const

/** True for a request with OPERATOR_TOKEN, and in a sandbox without one. False after too many wrong tokens. */
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

/**
 * Whether a request brings one of these tokens in its Authorization header: as it is (Bearer, RFC 6750), or as the password
 * of whatever user (Basic, RFC 7617). When none is set, no request does.
 * @throws {Problem} 429 after too many wrong ones, whatever this one is: it may be the next guess
 */
export async function knowsPassword(
  headers: Headers,
  tokens: (string | undefined)[],
  schemes: Scheme[],
): Promise<boolean> {
  const good = tokens.filter((token) => token !== undefined)
  if (good.length === 0 || !headers.has('authorization')) return false
  const { refusals, takeBack } = await count(['password', { headers }])
  refuse(refusals)
  const given = readPassword(headers, schemes)
  if (given === undefined || !good.some((token) => isSame(given, token))) return false
  // Only wrong ones count.
  await takeBack()
  return true
}

function readPassword(headers: Headers, schemes: Scheme[]): string | undefined {
  const [scheme = '', credentials = ''] = (headers.get('authorization') ?? '').split(' ')
  const known = schemes.find((one) => one === scheme.toLowerCase())
  if (known !== 'basic') return known && credentials
  const decoded = Buffer.from(credentials, 'base64').toString()
  return decoded.slice(decoded.indexOf(':') + 1)
}

// Of equal length, so that the time of the comparison tells nothing about the token.
function isSame(a: string, b: string): boolean {
  const hash = (text: string): Buffer => createHash('sha256').update(text).digest()
  return timingSafeEqual(hash(a), hash(b))
}
