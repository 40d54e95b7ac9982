import { subscribe } from 'node:diagnostics_channel'
import { Server, type ServerResponse } from 'node:http'

const DRAIN_MS = 1_000

/**
 * Keeps idle connections for a second and says "close" on each response. Otherwise a proxy could send a POST into a connection
 * that we close. It must not repeat a POST, so its client would get a 502.
 */
export function drainConnections(): void {
  subscribe('http.server.request.start', (message) => {
    ;(message as { response: ServerResponse }).response.setHeader('connection', 'close')
  })
  const { closeIdleConnections } = Server.prototype
  Server.prototype.closeIdleConnections = function () {
    setTimeout(() => closeIdleConnections.call(this), DRAIN_MS)
  }
}
