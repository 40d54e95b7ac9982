import { subscribe } from 'node:diagnostics_channel'
import type { IncomingMessage } from 'node:http'

/**
 * Some requests make Next answer 500, as plain text and with a stack in the log. Before it sees them, they become what
 * there is an answer to: a path that cannot be decoded is one that nobody has, and TRACE a method that nobody has.
 */
export function mendRequests(): void {
  subscribe('http.server.request.start', (message) => {
    const { request } = message as { request: IncomingMessage }
    const { url = '', method } = request
    if (!isPath(url)) request.url = url.replace(/^\/?/, '/').replaceAll('%', '%25')
    if (method === 'TRACE') request.method = 'OPTIONS'
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
