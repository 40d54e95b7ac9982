import { isUnavailable } from './db/prisma'
import { unavailable } from './http/problem'
import { createRoute } from './http/route'
import { limit } from './limits'

/**
 * The wrapper of our routes. Nobody may ask too often. What a handler throws becomes a problem: 503 when the database is
 * away, 500 otherwise.
 */
export function route<Context>(
  handlers: Parameters<typeof createRoute<Context>>[0],
  guard: (request: Request) => void | Promise<void> = () => {},
): ReturnType<typeof createRoute<Context>> {
  const admit = async (request: Request): Promise<void> => {
    if (['GET', 'HEAD'].includes(request.method)) await limit('read', request)
    await guard(request)
  }
  return createRoute(handlers, admit, (error) =>
    isUnavailable(error) ? unavailable('The database cannot be reached. Please try again.') : undefined,
  )
}
