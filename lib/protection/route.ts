import { isUnavailable } from '../db/prisma'
import type { Origin } from '../http/origin'
import { unavailable } from '../http/problem'
import { createRoute } from '../http/route'
import { visitorOf } from './visitor'

type Handlers<Context> = Parameters<typeof createRoute<Context>>[0]
type Route<Context> = ReturnType<typeof createRoute<Context>>

type Options = {
  /** Runs first. Throws a problem to hide the route. */
  guard?: (request: Request) => void | Promise<void>
  /** `any` accepts requests from other sites. Use it only where a signature authorizes the request. */
  origin?: Origin
}

/** Wraps a route that door.ts guards. Errors become problems: 503 when the database is down, else 500. */
export function route<Context>(handlers: Handlers<Context>, { guard, origin }: Options = {}): Route<Context> {
  return openRoute(handlers, {
    origin,
    async guard(request) {
      // Throws for a request that did not come through door.ts.
      visitorOf(request)
      await guard?.(request)
    },
  })
}

/** Like `route`, also for requests that door.ts has not counted. */
export function openRoute<Context>(
  handlers: Handlers<Context>,
  { guard = () => {}, origin }: Options = {},
): Route<Context> {
  return createRoute(handlers, {
    origin,
    guard,
    explain: (error) =>
      isUnavailable(error) ? unavailable('The database cannot be reached. Please try again.') : undefined,
  })
}
