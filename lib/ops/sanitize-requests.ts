import { subscribe } from 'node:diagnostics_channel'
import type { IncomingMessage } from 'node:http'
import { parseAndValidateFlightRouterState } from 'next/dist/server/app-render/parse-and-validate-flight-router-state.js'

const ROUTER_STATE = 'next-router-state-tree'

/**
 * Changes requests that Next would answer with a 500. A path that cannot be decoded and Next's own error page become a 404,
 * TRACE becomes a 405. A malformed router state is dropped.
 */
export function sanitizeRequests(): void {
  subscribe('http.server.request.start', (message) => {
    const { request } = message as { request: IncomingMessage }
    const { url = '', method } = request
    const path = toPath(url)
    if (path === undefined) request.url = url.replace(/^\/?/, '/').replaceAll('%', '%25')
    else if (path.startsWith('/_global-error')) request.url = '/_not-found'
    if (method === 'TRACE') request.method = 'OPTIONS'
    if (!isRouterState(request.headers[ROUTER_STATE])) delete request.headers[ROUTER_STATE]
  })
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
