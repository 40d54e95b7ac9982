import { type IncomingMessage, Server, type ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { env } from '../env'
import type { Problem } from '../http/problem'
import { isFull, limitNow } from './limits'
import { findFull, take } from './places'
import { networksOf, noteVisitor, toVisitor } from './visitor'

/*
 * The door of the process: every connection and every request comes by here before anything else sees it, whatever its
 * method and whatever Next would make of its path. Here it gets its visitor, and is counted.
 */

/** How long a client may take for the head of a request, and for all of it, in ms. Node looks every 30 s. */
const HEADERS_MS = 10_000
const REQUEST_MS = 20_000

/** What an operator's tools ask, often and all from one address: a 429 would end healthy servers. */
const PROBES = ['/api/health', '/api/health/live']

/** Resend's reports come by the thousand, all from a few addresses. */
const REPORTS = '/api/webhooks/resend'

/** A name that the build has made, and no way out of its folder. */
const FILE = /^\/_next\/static\/(?!.*\.\.)[\w./~-]+$/

/** Guards all HTTP servers of this process, also those that listen already. */
export function guardServers(): void {
  const prototype = Server.prototype as { emit(this: Server, event: string, ...args: unknown[]): boolean }
  const { emit } = prototype
  prototype.emit = function (event, ...args) {
    if (event === 'connection' && !admitConnection(this, args[0] as Socket)) return true
    if (event === 'request' && !admitRequest(args[0] as IncomingMessage, args[1] as ServerResponse))
      return true
    return emit.call(this, event, ...args)
  }
  // Next listens before it calls us, and keeps what comes meanwhile waiting.
  for (const handle of (process as unknown as { _getActiveHandles(): object[] })._getActiveHandles()) {
    if (handle instanceof Server) setLimits(handle)
    const response = handle instanceof Socket && (handle as { _httpMessage?: ServerResponse })._httpMessage
    if (response) count(response.req)
  }
}

function setLimits(server: Server): void {
  server.maxConnections = env('LIMIT_CONNECTIONS') || Number.MAX_SAFE_INTEGER
  server.headersTimeout = HEADERS_MS
  server.requestTimeout = REQUEST_MS
  // Next never closes a connection whose Upgrade it does not know. Without a listener, Node takes it for an ordinary request.
  if (process.env.NODE_ENV === 'production') server.removeAllListeners('upgrade')
}

function admitConnection(server: Server, socket: Socket): boolean {
  setLimits(server)
  // Behind a proxy, all connections are the proxy's.
  const most = env('TRUSTED_HOPS') > 0 ? 0 : env('LIMIT_CONNECTIONS_PER_VISITOR')
  const places = networksOf(toVisitor(socket.remoteAddress)).map(([network, share]) => ({
    key: `connections of ${network}`,
    most: share * most,
  }))
  if (findFull(places)) {
    socket.destroy()
    return false
  }
  socket.once('close', take(places))
  return true
}

function admitRequest(request: IncomingMessage, response: ServerResponse): boolean {
  const refusal = count(request)
  if (!refusal) return true
  const hasBody = 'content-length' in request.headers || 'transfer-encoding' in request.headers
  response.writeHead(refusal.status, { ...refusal.headers, ...(hasBody && { connection: 'close' }) })
  response.end(JSON.stringify(refusal.body))
  return false
}

/** Counts a request, and notes in it who sent it. @returns a 429, if it is one too many */
function count(request: IncomingMessage): Problem | undefined {
  const visitor = noteVisitor(request)
  const { method = '', url = '' } = request
  const [path = ''] = url.split('?')
  const isRead = method === 'GET' || method === 'HEAD'
  if (isRead && PROBES.includes(path)) return
  // Who has sent many forged ones is counted like everybody else.
  if (method === 'POST' && path === REPORTS && !isFull('signature', visitor)) return
  return limitNow(isRead && FILE.test(path) ? 'file' : 'request', visitor)
}
