import { subscribe } from 'node:diagnostics_channel'
import { Server, type ServerResponse } from 'node:http'

/** A proxy that sends its next request within this time, in ms, is told to close the connection. */
const PARTING_MS = 1_000

/**
 * Drains the connections of a server that closes. A proxy may send a POST through an idle connection while we close it. It
 * must not repeat that request, so its client gets a 502. Therefore idle connections stay open a moment longer, and every
 * answer says "Connection: close".
 */
export function drainConnections(): void {
  subscribe('http.server.request.start', (message) => {
    ;(message as { response: ServerResponse }).response.setHeader('connection', 'close')
  })
  const { closeIdleConnections } = Server.prototype
  Server.prototype.closeIdleConnections = function () {
    setTimeout(() => closeIdleConnections.call(this), PARTING_MS)
  }
}
