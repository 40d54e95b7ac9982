import { subscribe } from 'node:diagnostics_channel'
import type { IncomingMessage } from 'node:http'
import { parseAndValidateFlightRouterState } from 'next/dist/server/app-render/parse-and-validate-flight-router-state.js'

const ROUTER_STATE = 'next-router-state-tree'

const METHODS = ['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE']

/**
 * Changes requests that Next would answer with a 500, or without our headers. A path that cannot be decoded and Next's own error
 * page become a 404, an unknown method becomes a 405. A malformed router state is dropped.
 */
export function sanitizeRequests(): void {
  subscribe('http.server.request.start', (message) => {
    const { request } = message as { request: IncomingMessage }
    const { url = '', method = '' } = request
    const path = toPath(url)
    if (path === undefined) request.url = url.replace(/^\/?/, '/').replaceAll('%', '%25')
    else if (path.startsWith('/_global-error')) request.url = '/_not-found'
    if (!METHODS.includes(method)) request.method = 'OPTIONS'
    if (path?.startsWith('/_next/static/')) sanitizeFileRequest(request)
    if (!isRouterState(request.headers[ROUTER_STATE])) delete request.headers[ROUTER_STATE]
  })
}

/** Next answers these with a 500: another method than GET and HEAD, a condition that is not met, a range outside the file. */
function sanitizeFileRequest(request: IncomingMessage): void {
  // Then proxy.ts answers with a 405.
  if (!['GET', 'HEAD'].includes(request.method ?? '')) request.url = '/_not-found'
  for (const name of ['if-match', 'if-unmodified-since', 'range']) delete request.headers[name]
}

function toPath(url: string): string | undefined {
  try {
    // Without `.` and `..`, as Next reads it.
    return url.startsWith('/') ? decodeURIComponent(new URL(`http://localhost${url}`).pathname) : undefined
  } catch {
    return
  }
}

/** Of the routes here, it has a few hundred characters. Next validates a deep one in quadratic time. */
const MAX_ROUTER_STATE_LENGTH = 2_000

export function isRouterState(header: string | string[] | undefined): boolean {
  if (header && header.length > MAX_ROUTER_STATE_LENGTH) return false
  try {
    parseAndValidateFlightRouterState(header)
    return true
  } catch {
    return false
  }
}
