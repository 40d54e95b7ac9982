import { isUnavailable } from '../db/prisma'
import type { Origin } from '../http/origin'
import { unavailable } from '../http/problem'
import { createRoute } from '../http/route'
import { visitorOf } from './visitor'

type Handlers<Context> = Parameters<typeof createRoute<Context>>[0]
type Route<Context> = ReturnType<typeof createRoute<Context>>

type Options = {
  /** Is asked first, and throws a problem to those for whom the route does not exist. */
  guard?: (request: Request) => void | Promise<void>
  /** `any` for what a signature in the request decides. Pages of other sites may then send to it. */
  origin?: Origin
}

/**
 * The wrapper of our routes. What a handler throws becomes a problem: 503 when the database is away, 500 otherwise. How
 * often visitors may ask is counted at the door: a request that has not come by there opens nothing.
 */
export function route<Context>(handlers: Handlers<Context>, { guard, origin }: Options = {}): Route<Context> {
  return openRoute(handlers, {
    origin,
    async guard(request) {
      visitorOf(request)
      await guard?.(request)
    },
  })
}

/** The same for what is open to requests of nobody, too. */
export function openRoute<Context>(
  handlers: Handlers<Context>,
  { guard = () => {}, origin }: Options = {},
): Route<Context> {
  return createRoute(handlers, {
    origin,
    guard: async (request) => await guard(request),
    explain: (error) =>
      isUnavailable(error) ? unavailable('The database cannot be reached. Please try again.') : undefined,
  })
}
