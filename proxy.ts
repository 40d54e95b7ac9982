import { hasBackstage, mayGoBackstage } from './app/(stage)/_lib/guard'
import { Problem } from './lib/http/problem'

/**
 * Next calls this before the pages below, because a page cannot answer "401, with a password please". The page and its
 * routes ask again whether somebody may see them: nothing depends on this list of paths.
 */
export function proxy(request: Request): Response | undefined {
  if (!hasBackstage() || mayGoBackstage(request.headers)) return
  return new Problem(401, 'Backstage is for the crew', {
    headers: { 'www-authenticate': 'Basic realm="Backstage", charset="UTF-8"' },
  }).toResponse()
}

export const config = { matcher: ['/backstage', '/api/backstage/:path*'] }
