import { log, reasonOf, withLogFields } from '../log'
import { type Origin, rejectForeignOrigin } from './origin'
import { Problem } from './problem'
import { protectSandbox } from './protect-sandbox'
import { REQUEST_ID, toRequestId } from './request-id'
import { transportHeaders } from './security'

const METHODS = ['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE'] as const
type Method = (typeof METHODS)[number]
type Handler<Context> = (request: Request, context: Context) => Response | Promise<Response>

type Options = {
  guard: (request: Request) => void | Promise<void>
  /** Turns an uncaught error into a problem. Otherwise it is a 500. */
  explain: (error: unknown) => Problem | undefined
  origin?: Origin
}

/** Creates a route: errors become problems, other methods a 405, foreign origins a 403, and nothing is cached. */
export function createRoute<Context>(
  handlers: Partial<Record<Method, Handler<Context>>>,
  { guard, explain, origin = 'ours' }: Options,
): Record<Method, Handler<Context>> {
  const known: typeof handlers = { HEAD: handlers.GET, ...handlers }
  const allow = METHODS.filter((method) => known[method]).join(', ')

  async function answer(request: Request, context: Context): Promise<Response> {
    protectSandbox(request, origin)
    await guard(request)
    const handler = known[request.method as Method]
    if (!handler) throw new Problem(405, 'Method not allowed', { headers: { allow } })
    if (origin === 'ours' && !['GET', 'HEAD'].includes(request.method)) rejectForeignOrigin(request)
    const response = await handler(request, context)
    if (!response.headers.has('cache-control')) response.headers.set('cache-control', 'no-store')
    return response
  }

  function toErrorResponse(request: Request, error: unknown): Response {
    if (error instanceof Problem) return error.toResponse()
    const problem = explain(error)
    const place = `${request.method} ${toPattern(request.url)}`
    log.error(problem ? { reason: reasonOf(error) } : { err: error }, place)
    return (problem ?? new Problem(500, 'Internal server error')).toResponse()
  }

  const handler: Handler<Context> = async (request, context) => {
    const requestId = toRequestId(request.headers)
    const response = await withLogFields({ requestId }, () =>
      answer(request, context).catch((error) => toErrorResponse(request, error)),
    )
    const headers = { ...transportHeaders(), [REQUEST_ID]: requestId }
    for (const [name, value] of Object.entries(headers)) response.headers.set(name, value)
    return response
  }
  return Object.fromEntries(METHODS.map((method) => [method, handler])) as Record<Method, Handler<Context>>
}

// Leaves out ids and tokens, which may grant access.
function toPattern(url: string): string {
  return new URL(url).pathname.replace(/[^/]{20,}/g, '…')
}
