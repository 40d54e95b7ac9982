import { createHash, timingSafeEqual } from 'node:crypto'
import { env, inSandbox } from './env'

const TOKENS = [
  'OPERATOR_TOKEN',
  'BACKSTAGE_TOKEN', // stage
] as const

/** Whether a request may read what concerns the operator alone: in the sandbox every one, elsewhere with a token. */
export function isOperator(headers: Headers): boolean {
  return inSandbox() || TOKENS.some((name) => hasToken(headers, env(name), ['basic', 'bearer']))
}

/**
 * Whether a request brings this token in its Authorization header: as it is (Bearer, RFC 6750), or as the password of
 * whatever user (Basic, RFC 7617). When none is set, no request does.
 */
export function hasToken(
  headers: Headers,
  token: string | undefined,
  schemes: ('basic' | 'bearer')[],
): boolean {
  const [scheme = '', credentials = ''] = (headers.get('authorization') ?? '').split(' ')
  const known = schemes.find((one) => one === scheme.toLowerCase())
  if (token === undefined || !known) return false
  if (known === 'bearer') return isSame(credentials, token)
  const decoded = Buffer.from(credentials, 'base64').toString()
  return isSame(decoded.slice(decoded.indexOf(':') + 1), token)
}

// Of equal length, so that the time of the comparison tells nothing about the token.
function isSame(a: string, b: string): boolean {
  const hash = (text: string): Buffer => createHash('sha256').update(text).digest()
  return timingSafeEqual(hash(a), hash(b))
}
