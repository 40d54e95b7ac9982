import { isDatabaseError } from './prisma'

/** An error as the client sees it: RFC 9457 `application/problem+json`. Throw it anywhere below a route. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly title: string,
    readonly extra: {
      detail?: string
      /** What is wrong with each field. */
      errors?: Record<string, string[]>
      headers?: Record<string, string>
    } = {},
  ) {
    super(title)
  }

  toResponse(): Response {
    const { headers, ...members } = this.extra
    return Response.json(
      { type: 'about:blank', title: this.title, status: this.status, ...members },
      {
        status: this.status,
        headers: { 'content-type': 'application/problem+json', 'cache-control': 'no-store', ...headers },
      },
    )
  }
}

export const notFound = (): Problem => new Problem(404, 'Not found')

export const unavailable = (detail?: string): Problem =>
  new Problem(503, 'Temporarily unavailable', { detail, headers: { 'retry-after': '5' } })

/** Wraps a route handler: what it throws becomes a problem, and what nobody expected is logged. */
export function handle<Args extends unknown[]>(
  handler: (request: Request, ...args: Args) => Promise<Response>,
): (request: Request, ...args: Args) => Promise<Response> {
  return async (request, ...args) => {
    try {
      return await handler(request, ...args)
    } catch (error) {
      if (error instanceof Problem) return error.toResponse()
      const route = `${request.method} ${new URL(request.url).pathname}`
      if (isDatabaseError(error)) {
        console.error(route, (error as Error).message)
        return unavailable('The database cannot be reached. Nothing was changed.').toResponse()
      }
      console.error(route, error)
      return new Problem(500, 'Internal server error').toResponse()
    }
  }
}

/** Answers a method that a route does not have. */
export function methodNotAllowed(...allowed: string[]): () => Response {
  return () => new Problem(405, 'Method not allowed', { headers: { allow: allowed.join(', ') } }).toResponse()
}
