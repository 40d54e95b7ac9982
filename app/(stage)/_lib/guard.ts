import { createHash, timingSafeEqual } from 'node:crypto'
import { env } from '@/lib/env'
import { notFound, Problem } from '@/lib/http/problem'
import { inSandbox } from '@/lib/sandbox'

/**
 * The answer of the proxy to those who come to the backstage without the password: a page cannot ask for it. The page
 * and its routes look again whether somebody may see them: nothing depends on this pattern.
 */
export function askForPassword({ url, headers }: Request): Response | undefined {
  if (!/^\/(api\/)?backstage(\/|$)/.test(new URL(url).pathname)) return
  if (env('BACKSTAGE_TOKEN') === undefined || mayGoBackstage(headers)) return
  return new Problem(401, 'Backstage is for the crew', {
    headers: { 'www-authenticate': 'Basic realm="Backstage", charset="UTF-8"' },
  }).toResponse()
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
