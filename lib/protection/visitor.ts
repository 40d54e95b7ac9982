import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'
import { env } from '../env'
import { unavailable } from '../http/problem'
import { log } from '../log'
import { perProcess } from '../process'

// Random, so that no client can send it.
const HEADER = perProcess('visitorHeader', () => `x-visitor-${crypto.randomUUID()}`)

/** Returns the sender: an IPv4 address or an IPv6 /64. @throws {Problem} 503 for a request that Next made itself */
export function visitorOf({ headers }: Pick<Request, 'headers'>): string {
  const visitor = headers.get(HEADER)
  if (!visitor) throw unavailable('The sender of this request is unknown.')
  return visitor
}

/** Passes the sender to the route in a header, because its `Request` has no connection. */
export function noteVisitor(request: IncomingMessage): string {
  const visitor = toVisitor(findAddress(request))
  request.headers[HEADER] = visitor
  return visitor
}

/** Lists the visitor and its networks, each with its multiple of a visitor's limit. */
export function networksOf(visitor: string): [network: string, multiple: number][] {
  const groups = /^(.+)::\/64$/.exec(visitor)?.[1]?.split(':')
  if (!groups) return [[visitor, 1]]
  const site = groups.slice(0, 3).join(':')
  const subnet = (Number.parseInt(groups[3] ?? '', 16) & 0xff00).toString(16)
  return [
    [visitor, 1],
    [`${site}:${subnet}::/56`, 2],
    [`${site}::/48`, 8],
  ]
}

function findAddress({ headers, socket, url = '' }: IncomingMessage): string {
  const connection = socket.remoteAddress ?? ''
  const hops = env('TRUSTED_HOPS')
  const claims = `${headers['x-forwarded-for'] ?? ''}`.split(',').filter(Boolean)
  if (hops === 0 && claims.length > 0) {
    warnOnce(
      'Requests have an x-forwarded-for header, but TRUSTED_HOPS is 0: all visitors behind a proxy count as one. Set TRUSTED_HOPS to the number of your proxies.',
    )
  }
  // Health probes do not come through a proxy.
  if (claims.length < hops && !url.startsWith('/api/health')) {
    warnOnce(
      `TRUSTED_HOPS is ${hops}, but a request came through fewer proxies. Visitors who reach this port directly can fake their address: let only your proxies reach it, or correct TRUSTED_HOPS.`,
    )
  }
  if (hops === 0) return connection
  // Some proxies add a port.
  const claim = claims
    .at(-hops)
    ?.trim()
    .replace(/^\[(.*)\](:\d+)?$/, '$1')
    .replace(/^([\d.]+):\d+$/, '$1')
  return claim && isIP(claim) ? claim : connection
}

const warned = new Set<string>()

function warnOnce(message: string): void {
  if (warned.has(message)) return
  warned.add(message)
  log.warn(message)
}

/** IPv4-mapped addresses, and those of translators: https://www.rfc-editor.org/rfc/rfc6052#section-2.1 */
const EMBEDS_IPV4 = /^(0:0:0:0:0:ffff|64:ff9b:0:0:0:0)$/

export function toVisitor(address = ''): string {
  const [ip = ''] = address.split('%')
  if (isIP(ip) !== 6) return ip || 'unknown'
  // `URL` writes the shortest form, and an embedded IPv4 address in hexadecimal.
  const [head = '', tail = ''] = new URL(`http://[${ip}]`).hostname.slice(1, -1).split('::')
  const [left, right] = [head, tail].map((part) => part.split(':').filter(Boolean)) as [string[], string[]]
  const groups = [...left, ...Array(8 - left.length - right.length).fill('0'), ...right] as string[]
  if (!EMBEDS_IPV4.test(groups.slice(0, 6).join(':'))) return `${groups.slice(0, 4).join(':')}::/64`
  return groups
    .slice(6)
    .flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 255])
    .join('.')
}
