import { env } from '@/lib/env'
import { notFound, Problem } from '@/lib/http/problem'
import { hasToken } from '@/lib/operator'
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
  return inSandbox() || hasToken(headers, env('BACKSTAGE_TOKEN'), ['basic'])
}

/** Guards a route of the backstage. @throws {Problem} 404 to everybody else */
export function crewOnly(request: Request): void {
  if (!mayGoBackstage(request.headers)) throw notFound()
}
