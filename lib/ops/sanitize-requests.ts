import { subscribe } from 'node:diagnostics_channel'
import type { IncomingMessage } from 'node:http'
import { parseAndValidateFlightRouterState } from 'next/dist/server/app-render/parse-and-validate-flight-router-state'

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
    const path = decodeURIComponent(url.split('?')[0] ?? '')
    return url.startsWith('/') ? path : undefined
  } catch {
    return
  }
}

function isRouterState(header: string | string[] | undefined): boolean {
  try {
    parseAndValidateFlightRouterState(header)
    return true
  } catch {
    return false
  }
}
