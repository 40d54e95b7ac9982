import { env, isLoopback } from '../env'
import { Problem } from './problem'

/** Whose pages may send a request that changes something. `any`: where a signature authorizes it, not a cookie. */
export type Origin = 'ours' | 'any'

/** Rejects requests of other sites' pages. Programs such as curl send neither header, and pass. @throws {Problem} 403 */
export function rejectForeignOrigin(request: Request): void {
  const origin = request.headers.get('origin')
  // Not the Host header, which the client chooses.
  const ours = env('APP_URL')
  if (request.headers.get('sec-fetch-site') === 'cross-site' || (origin !== null && !isOurs(origin))) {
    throw new Problem(403, 'Foreign origin', { detail: `Open the app at ${ours}.` })
  }
}

/** True for the app's own origin. In a sandbox: also 127.0.0.1 and [::1] for localhost. */
export function isOurs(origin: string): boolean {
  const ours = new URL(env('APP_URL'))
  if (origin === ours.origin) return true
  if (ours.hostname !== 'localhost' || !URL.canParse(origin)) return false
  const { protocol, hostname, port } = new URL(origin)
  return protocol === ours.protocol && port === ours.port && isLoopback(hostname)
}
