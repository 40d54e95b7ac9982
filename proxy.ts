import { hasBackstage, mayGoBackstage } from './lib/stage/guard'

/**
 * Next calls this before the pages below, because a page cannot answer "401, with a password please". The page and its
 * routes ask again whether somebody may see them: nothing depends on this list of paths.
 */
export function proxy(request: Request): Response | undefined {
  if (!hasBackstage() || mayGoBackstage(request.headers)) return
  return Response.json(
    { type: 'about:blank', title: 'Backstage is for the crew', status: 401 },
    {
      status: 401,
      headers: {
        'content-type': 'application/problem+json',
        'cache-control': 'no-store',
        'www-authenticate': 'Basic realm="Backstage", charset="UTF-8"',
      },
    },
  )
}

export const config = { matcher: ['/backstage', '/api/backstage/:path*'] }
