import { inSandbox } from '@/lib/env'
import { handle, notFound } from '@/lib/problem'

/** Wraps a route handler like `handle`. Without the sandbox, the route does not exist. */
export function sandboxOnly<Args extends unknown[]>(
  handler: (request: Request, ...args: Args) => Promise<Response> | Response,
): (request: Request, ...args: Args) => Promise<Response> {
  return handle(async (request, ...args: Args) => {
    if (!inSandbox()) throw notFound()
    return await handler(request, ...args)
  })
}
