import { createHash, timingSafeEqual } from 'node:crypto'
import { env } from '@/lib/env'
import { notFound } from '@/lib/http/problem'
import { inSandbox } from './in-sandbox'

/** Whether this installation has a backstage at all. */
export function hasBackstage(): boolean {
  return inSandbox() || env('BACKSTAGE_TOKEN') !== undefined
}

/** Whether a request may see the backstage: in the sandbox every one, elsewhere with the token as HTTP password. */
export function mayGoBackstage(headers: Headers): boolean {
  if (inSandbox()) return true
  const token = env('BACKSTAGE_TOKEN')
  return token !== undefined && isSame(readPassword(headers), token)
}

/** Guards a route of the backstage. @throws {Problem} 404 to everybody else */
export function crewOnly(request: Request): void {
  if (!mayGoBackstage(request.headers)) throw notFound()
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
