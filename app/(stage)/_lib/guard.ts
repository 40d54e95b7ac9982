import { env } from '@/lib/env'
import { notFound, Problem } from '@/lib/http/problem'
import { knowsPassword } from '@/lib/ops/operator'
import { isPresenter } from './presenter'

/**
 * Asks for the password of the backstage. A page cannot do that, so the proxy calls this. The page and its routes check
 * the permission again and do not depend on the URL pattern here.
 * @throws {Problem} 401 without a password, and as `mayGoBackstage` does
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
 * Whether a request may see the backstage: the presenter's, or a request with BACKSTAGE_TOKEN as its HTTP password.
 * @throws {Problem} 429 after too many wrong passwords, even if this one is right
 */
export async function mayGoBackstage(headers: Headers): Promise<boolean> {
  if (isPresenter(headers)) return true
  return await knowsPassword(headers, [env('BACKSTAGE_TOKEN')], ['basic'])
}

/** Guards a route of the backstage. @throws {Problem} 404 without permission, and as `mayGoBackstage` does */
export async function backstageOnly(request: Request): Promise<void> {
  if (!(await mayGoBackstage(request.headers))) throw notFound()
}
