import { subscribe } from 'node:diagnostics_channel'
import { Server, type ServerResponse } from 'node:http'

/** A proxy that sends its next request within this time, in ms, is told to close the connection. */
const PARTING_MS = 1_000

/**
 * Before a server closes: makes it part from its connections without losing a request. A proxy keeps idle connections,
 * and may send a request through one while we are closing it; if it is a POST, it must not be repeated, and somebody gets
 * a 502. So idle connections stay a moment longer, and who uses one is answered, with "Connection: close".
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
