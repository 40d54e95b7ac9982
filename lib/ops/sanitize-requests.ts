import { subscribe } from 'node:diagnostics_channel'
import type { IncomingMessage } from 'node:http'
import { parseAndValidateFlightRouterState } from 'next/dist/server/app-render/parse-and-validate-flight-router-state'

/** Tells Next which part of a page a browser has already. */
const ROUTER_STATE = 'next-router-state-tree'

/**
 * Some requests make Next answer 500, as plain text and with a stack in the log. Before it sees them, they become what
 * there is an answer to: a path that cannot be decoded is one that nobody has, and TRACE a method that nobody has. A browser
 * whose router state cannot be read gets the whole page.
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
