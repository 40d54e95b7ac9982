import { env } from '@/lib/env'
import { notFound, Problem } from '@/lib/http/problem'
import { knowsPassword } from '@/lib/ops/operator'
import { isPresenter } from './presenter'

/**
 * For the proxy, because a page cannot ask for the password of the backstage. The page and its routes look again whether
 * somebody may see them: nothing depends on this pattern.
 * @throws {Problem} 401 to those who come without it, and as `mayGoBackstage` does
 */
export async function askForPassword({ url, headers }: Request): Promise<void> {
  if (!/^\/(api\/)?backstage(\/|$)/.test(new URL(url).pathname)) return
  if (env('BACKSTAGE_TOKEN') === undefined) return
  if (await mayGoBackstage(headers)) return
  throw new Problem(401, 'Backstage is for the crew', {
    headers: { 'www-authenticate': 'Basic realm="Backstage", charset="UTF-8"' },
  })
}

/**
 * Whether a request may see the backstage: the presenter's, and others with the token as HTTP password.
 * @throws {Problem} 429 after too many wrong ones, whatever the password is: it may be the next guess
 */
export async function mayGoBackstage(headers: Headers): Promise<boolean> {
  if (isPresenter(headers)) return true
  return await knowsPassword(headers, [env('BACKSTAGE_TOKEN')], ['basic'])
}

/** Guards a route of the backstage. @throws {Problem} 404 to everybody else, and as `mayGoBackstage` does */
export async function crewOnly(request: Request): Promise<void> {
  if (!(await mayGoBackstage(request.headers))) throw notFound()
}
