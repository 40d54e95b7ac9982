import { subscribe } from 'node:diagnostics_channel'
import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'
import { env } from '../env'
import { log } from '../log'

// A name that nobody outside this process knows, so that nobody can send it. On globalThis, because Next evaluates
// this module more than once in a process.
const shared = globalThis as { visitorHeader?: string }
shared.visitorHeader ??= `x-visitor-${crypto.randomUUID()}`
const HEADER = shared.visitorHeader

/**
 * Who sends a request: an IPv4 address, or the /64 of an IPv6 address, which is what one household or one server gets.
 * It is the connection's, or what the nearest proxies of ours say (TRUSTED_HOPS), and never what a visitor claims.
 */
export function visitorOf({ headers }: Pick<Request, 'headers'>): string {
  return headers.get(HEADER) ?? 'unknown'
}

/** Notes for each request, before Next sees it, who sent it: a route gets a `Request`, which has no connection. */
export function watchVisitors(): void {
  subscribe('http.server.request.start', (message) => {
    const { request } = message as { request: IncomingMessage }
    request.headers[HEADER] = toVisitor(findAddress(request))
  })
}

function findAddress({ headers, socket }: IncomingMessage): string {
  const connection = socket.remoteAddress ?? ''
  const hops = env('TRUSTED_HOPS')
  const claims = `${headers['x-forwarded-for'] ?? ''}`
  if (hops === 0) {
    if (claims) warnOfProxy()
    return connection
  }
  // Some proxies add a port.
  const claim = claims
    .split(',')
    .at(-hops)
    ?.trim()
    .replace(/^\[(.*)\](:\d+)?$/, '$1')
    .replace(/^([\d.]+):\d+$/, '$1')
  return claim && isIP(claim) ? claim : connection
}

let warned = false

function warnOfProxy(): void {
  if (warned) return
  warned = true
  log.warn(
    'Requests have an x-forwarded-for, and TRUSTED_HOPS is 0: all behind a proxy count as one visitor.',
  )
}

function toVisitor(address: string): string {
  const [ip = ''] = address.split('%')
  if (isIP(ip) !== 6) return ip || 'unknown'
  // The URL writes it in its shortest form, and an IPv4 address inside of it in hexadecimal.
  const [head = '', tail = ''] = new URL(`http://[${ip}]`).hostname.slice(1, -1).split('::')
  const [left, right] = [head, tail].map((part) => part.split(':').filter(Boolean)) as [string[], string[]]
  const groups = [...left, ...Array(8 - left.length - right.length).fill('0'), ...right] as string[]
  if (groups.slice(0, 6).join(':') !== '0:0:0:0:0:ffff') return `${groups.slice(0, 4).join(':')}::/64`
  return groups
    .slice(6)
    .flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 255])
    .join('.')
}
