import { isUnavailable } from './db/prisma'
import { unavailable } from './http/problem'
import { createRoute } from './http/route'

/** The wrapper of our routes. What a handler throws becomes a problem: 503 when the database is away, 500 otherwise. */
export function route<Context>(
  handlers: Parameters<typeof createRoute<Context>>[0],
  guard: (request: Request) => void = () => {},
): ReturnType<typeof createRoute<Context>> {
  return createRoute(handlers, guard, (error) =>
    isUnavailable(error) ? unavailable('The database cannot be reached. Please try again.') : undefined,
  )
}
