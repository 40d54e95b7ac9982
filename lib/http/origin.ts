import { env, inSandbox, isLoopback } from '../env'
import { Problem } from './problem'

/** Whose pages may send a request that changes something. `any`: where a signature authorizes it, not a cookie. */
export type Origin = 'ours' | 'any'

/** Rejects requests of other sites' pages. Programs such as curl send neither header, and pass. @throws {Problem} 403 */
export function rejectForeignOrigin(request: Request): void {
  if (request.headers.get('sec-fetch-site') === 'cross-site' || hasForeignOrigin(request.headers)) {
    throw new Problem(403, 'Foreign origin', { detail: `Open the app at ${env('APP_URL')}.` })
  }
}

/**
 * True when the request names another origin than APP_URL. In development and in the sandbox, localhost, 127.0.0.1 and other
 * names of this computer are ours as well, on the port of this request.
 */
export function hasForeignOrigin(headers: Headers): boolean {
  const origin = headers.get('origin')
  if (origin === null || origin === env('APP_URL')) return false
  if (process.env.NODE_ENV !== 'development' && !inSandbox()) return true
  // A client chooses the Host header, so it counts for names of this computer only.
  return origin !== `http://${headers.get('host')}` || !isLoopback(new URL(origin).hostname)
}
