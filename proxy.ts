import { hasBackstage, mayGoBackstage } from './app/(stage)/_lib/guard'
import { Problem } from './lib/http/problem'

/**
 * Next calls this before the pages below, because a page cannot answer "401, with a password please". The page and its
 * routes ask again whether somebody may see them: nothing depends on this list of paths.
 */
export async function proxy(request: Request): Promise<Response | undefined> {
  if (!hasBackstage()) return
  try {
    if (await mayGoBackstage(request.headers)) return
  } catch (error) {
    if (error instanceof Problem) return error.toResponse()
    throw error
  }
  return new Problem(401, 'Backstage is for the crew', {
    headers: { 'www-authenticate': 'Basic realm="Backstage", charset="UTF-8"' },
  }).toResponse()
}

export const config = { matcher: ['/backstage', '/api/backstage/:path*'] }
