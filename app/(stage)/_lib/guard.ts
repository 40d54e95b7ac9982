import { createHash, timingSafeEqual } from 'node:crypto'
import { env } from '@/lib/env'
import { notFound } from '@/lib/http/problem'
import { limit, refuseOver } from '@/lib/limits'
import { inSandbox } from './in-sandbox'

/** Whether this installation has a backstage at all. */
export function hasBackstage(): boolean {
  return inSandbox() || env('BACKSTAGE_TOKEN') !== undefined
}

/**
 * Whether a request may see the backstage: in the sandbox every one, elsewhere with the token as HTTP password.
 * @throws {Problem} 429 after too many wrong ones, whatever the password is: it may be the next guess
 */
export async function mayGoBackstage(headers: Headers): Promise<boolean> {
  if (inSandbox()) return true
  const token = env('BACKSTAGE_TOKEN')
  const password = readPassword(headers)
  if (!token || !password) return false
  await refuseOver('password', { headers })
  if (isSame(password, token)) return true
  await limit('password', { headers })
  return false
}

/** Guards a route of the backstage. @throws {Problem} 404 to everybody else, and as `mayGoBackstage` does */
export async function crewOnly(request: Request): Promise<void> {
  if (!(await mayGoBackstage(request.headers))) throw notFound()
}

// RFC 7617: "Basic", and in base64 a user name without a colon, a colon, the password.
function readPassword(headers: Headers): string {
  const [scheme = '', credentials = ''] = (headers.get('authorization') ?? '').split(' ')
  if (scheme.toLowerCase() !== 'basic') return ''
  const decoded = Buffer.from(credentials, 'base64').toString()
  return decoded.slice(decoded.indexOf(':') + 1)
}

// Of equal length, so that the time of the comparison tells nothing about the token.
function isSame(a: string, b: string): boolean {
  const hash = (text: string): Buffer => createHash('sha256').update(text).digest()
  return timingSafeEqual(hash(a), hash(b))
}
