import { type IncomingMessage, Server, type ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { env } from '../env'
import { Problem } from '../http/problem'
import { runOrQueue } from './concurrency'
import { isFull, limitInMemory } from './limits'
import { findFull, reserve } from './places'
import { networksOf, noteVisitor, toVisitor } from './visitor'

/** Time limits for receiving a request. Node checks them every 30 s. */
const HEADERS_MS = 10_000
const REQUEST_MS = 20_000

/**
 * A client that does not read its answer is cut off after this time, or after twice as long, because Node counts bytes that only
 * its own buffers have taken as progress. Streams write a heartbeat more often.
 */
const UNREAD_MS = 120_000

/** Browsers and proxies send the next request of a connection after the answer to the one before. */
const MAX_PIPELINED = 10

/**
 * Health probes are not counted: after a 429, an orchestrator would restart a healthy server. Two kinds, because the first may wait
 * for the database.
 */
const PROBES: Record<string, Kind> = { '/api/health': 'readiness', '/api/health/live': 'liveness' }

/** Not counted, because Resend sends thousands of webhooks from a few addresses. */
const WEBHOOK = '/api/webhooks/resend'

const BUILD_FILE = /^\/_next\/static\/(?!.*\.\.)[\w./~-]+$/

/** Next reads the parameters of a query in quadratic time. No page has more than a few. */
const MAX_PARAMETERS = 100

const TOO_MANY_PARAMETERS = new Problem(414, 'URI too long', {
  detail: `A query has up to ${MAX_PARAMETERS} parameters.`,
})

type Kind = 'request' | 'file' | 'readiness' | 'liveness' | 'webhook'
type CountedRequest = { visitor: string; kind: Kind; rejection: Problem | undefined }

const QUEUE_IS_FULL = new Problem(429, 'Too many requests', {
  detail: 'Many requests of your network are waiting.',
  headers: { 'retry-after': '1', connection: 'close' },
})

/** Patches Node's `Server`, because Next has no hook that sees every connection and request. */
export function guardServers(): void {
  const prototype = Server.prototype as { emit(this: Server, event: string, ...args: unknown[]): boolean }
  const { emit } = prototype
  prototype.emit = function (event, ...args) {
    if (event === 'connection' && !admitConnection(this, args[0] as Socket)) return true
    const proceed = (): boolean => emit.call(this, event, ...args)
    if (event !== 'request') return proceed()
    const [request, response] = args as [IncomingMessage, ServerResponse]
    runPipelined(request, response, () => admitRequest(request, response, proceed))
    return true
  }
  countEarlyRequests()
}

/** Next listens before it loads instrumentation.ts. Counts the requests that have arrived by then, but lets them pass. */
function countEarlyRequests(): void {
  for (const handle of (process as unknown as { _getActiveHandles(): object[] })._getActiveHandles()) {
    if (handle instanceof Server) setLimits(handle)
    const response = handle instanceof Socket && (handle as { _httpMessage?: ServerResponse })._httpMessage
    if (response) countRequest(response.req)
  }
}

function setLimits(server: Server): void {
  server.maxConnections = env('LIMIT_CONNECTIONS') || Number.MAX_SAFE_INTEGER
  server.headersTimeout = HEADERS_MS
  server.requestTimeout = REQUEST_MS
  server.timeout = UNREAD_MS
  // Next leaves an upgrade with an unknown path open. Without a listener, Node treats it as an ordinary request.
  if (process.env.NODE_ENV === 'production') server.removeAllListeners('upgrade')
}

function admitConnection(server: Server, socket: Socket): boolean {
  // Again for each connection: Next adds an `upgrade` listener with its first request, and `setLimits` removes it.
  setLimits(server)
  // Behind a proxy, all connections come from the proxy. 0: no limit.
  const most = env('TRUSTED_HOPS') > 0 ? 0 : env('LIMIT_CONNECTIONS_PER_VISITOR')
  const places = networksOf(toVisitor(socket.remoteAddress)).map(([network, multiple]) => ({
    key: `connections of ${network}`,
    most: multiple * most,
  }))
  if (findFull(places)) {
    socket.destroy()
    return false
  }
  socket.once('close', reserve(places))
  return true
}

const pipelined = new WeakMap<Socket, number>()

/**
 * Runs the requests of a connection one after the other. Node reports a closed connection only to the response that is being
 * written, so a stream that waits behind another response would never learn that its client has left.
 */
function runPipelined({ socket }: IncomingMessage, response: ServerResponse, run: () => void): void {
  const waiting = pipelined.get(socket) ?? 0
  // A response has its socket when it is its turn.
  if (response.socket) run()
  else if (waiting >= MAX_PIPELINED) socket.destroy()
  else {
    pipelined.set(socket, waiting + 1)
    response.once('socket', () => {
      pipelined.set(socket, (pipelined.get(socket) ?? 1) - 1)
      run()
    })
  }
}

function admitRequest(request: IncomingMessage, response: ServerResponse, proceed: () => void): void {
  const { visitor, kind, rejection } = countRequest(request)
  if (rejection) sendProblem(request, response, rejection)
  else if (kind === 'file' || kind === 'webhook') proceed()
  else if (!runOrQueue(kind, visitor, { request, response, run: proceed }))
    sendProblem(request, response, QUEUE_IS_FULL)
}

function countRequest(request: IncomingMessage): CountedRequest {
  const visitor = noteVisitor(request)
  const kind = findKind(request, visitor)
  const isCounted = kind === 'request' || kind === 'file'
  const rejection = isCounted ? limitInMemory(kind, visitor) : undefined
  return { visitor, kind, rejection: rejection ?? checkParameters(request) }
}

function checkParameters({ url = '' }: IncomingMessage): Problem | undefined {
  return url.split('&').length > MAX_PARAMETERS ? TOO_MANY_PARAMETERS : undefined
}

function sendProblem({ headers }: IncomingMessage, response: ServerResponse, problem: Problem): void {
  const hasBody = 'content-length' in headers || 'transfer-encoding' in headers
  response.writeHead(problem.status, { ...problem.headers, ...(hasBody && { connection: 'close' }) })
  response.end(JSON.stringify(problem.body))
}

function findKind({ method = '', url = '' }: IncomingMessage, visitor: string): Kind {
  const [path = ''] = url.split('?')
  const isRead = method === 'GET' || method === 'HEAD'
  if (isRead && Object.hasOwn(PROBES, path)) return PROBES[path] as Kind
  // Webhooks of a visitor who sent many forged ones count as requests.
  if (method === 'POST' && path === WEBHOOK && !isFull('signature', visitor)) return 'webhook'
  return isRead && BUILD_FILE.test(path) ? 'file' : 'request'
}
