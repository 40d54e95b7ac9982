import { env, isLoopback } from '../env'
import { Problem } from './problem'

/** Whose pages may make a browser change something: ours alone, or any, where something else than a cookie decides. */
export type Origin = 'ours' | 'any'

/**
 * Refuses what another site's page sends in a visitor's name. Programs such as curl send neither header and are served.
 * Compared with APP_URL, never with the request's own Host, which is whatever the sender says.
 * @throws {Problem} 403
 */
export function rejectForeignOrigin(request: Request): void {
  const origin = request.headers.get('origin')
  // Not the Host header: the client chooses it.
  const ours = env('APP_URL')
  if (request.headers.get('sec-fetch-site') === 'cross-site' || (origin !== null && !isOurs(origin))) {
    throw new Problem(403, 'Foreign origin', { detail: `Open the app at ${ours}.` })
  }
}

/** Whether this is the app's own origin. On a laptop, that has several names: localhost, 127.0.0.1, [::1]. */
export function isOurs(origin: string): boolean {
  const ours = new URL(env('APP_URL'))
  if (origin === ours.origin) return true
  if (ours.hostname !== 'localhost' || !URL.canParse(origin)) return false
  const { protocol, hostname, port } = new URL(origin)
  return protocol === ours.protocol && port === ours.port && isLoopback(hostname)
}
