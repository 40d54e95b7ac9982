import { env } from '@/lib/env'
import { notFound, Problem } from '@/lib/http/problem'
import { limit, uncount } from '@/lib/limits'
import { hasToken } from '@/lib/operator'
import { isPresenter } from './presenter'

/**
 * The answer of the proxy to those who come to the backstage without the password: a page cannot ask for it. The page
 * and its routes look again whether somebody may see them: nothing depends on this pattern.
 */
export async function askForPassword({ url, headers }: Request): Promise<Response | undefined> {
  if (!/^\/(api\/)?backstage(\/|$)/.test(new URL(url).pathname)) return
  if (env('BACKSTAGE_TOKEN') === undefined) return
  try {
    if (await mayGoBackstage(headers)) return
  } catch (error) {
    if (error instanceof Problem) return error.toResponse()
    throw error
  }
  return new Problem(401, 'Backstage is for the crew', {
    headers: { 'www-authenticate': 'Basic realm="Backstage", charset="UTF-8"' },
  }).toResponse()
}

/**
 * Whether a request may see the backstage: the presenter's, and others with the token as HTTP password.
 * @throws {Problem} 429 after too many wrong ones, whatever the password is: it may be the next guess
 */
export async function mayGoBackstage(headers: Headers): Promise<boolean> {
  if (isPresenter(headers)) return true
  const token = env('BACKSTAGE_TOKEN')
  if (!token || !headers.has('authorization')) return false
  await limit('password', { headers })
  if (!hasToken(headers, token, ['basic'])) return false
  // Only wrong ones count.
  await uncount('password', { headers })
  return true
}

/** Guards a route of the backstage. @throws {Problem} 404 to everybody else, and as `mayGoBackstage` does */
export async function crewOnly(request: Request): Promise<void> {
  if (!(await mayGoBackstage(request.headers))) throw notFound()
}
