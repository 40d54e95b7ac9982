import { subscribe } from 'node:diagnostics_channel'
import type { IncomingMessage } from 'node:http'
import { parseAndValidateFlightRouterState } from 'next/dist/server/app-render/parse-and-validate-flight-router-state'

const ROUTER_STATE = 'next-router-state-tree'

/**
 * Next answers some requests with a plain-text 500 and logs a stack. They are changed before Next sees them: a path that
 * cannot be decoded becomes a 404, TRACE a 405, and a malformed router state gets the whole page.
 */
export function sanitizeRequests(): void {
  subscribe('http.server.request.start', (message) => {
    const { request } = message as { request: IncomingMessage }
    const { url = '', method } = request
    if (!isPath(url)) request.url = url.replace(/^\/?/, '/').replaceAll('%', '%25')
    if (method === 'TRACE') request.method = 'OPTIONS'
    if (!isRouterState(request.headers[ROUTER_STATE])) delete request.headers[ROUTER_STATE]
  })
}

function isPath(url: string): boolean {
  try {
    decodeURIComponent(url.split('?')[0] ?? '')
    return url.startsWith('/')
  } catch {
    return false
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
