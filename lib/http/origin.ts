import { env, inSandbox, isLoopback } from '../env'
import { Problem } from './problem'

/** The sites whose pages may send a changing request. `any`: only where a signature authorizes it, not a cookie. */
export type Origin = 'ours' | 'any'

/** Rejects requests from pages of other sites. Programs such as curl send neither header. @throws {Problem} 403 */
export function rejectForeignOrigin(request: Request): void {
  if (request.headers.get('sec-fetch-site') === 'cross-site' || hasForeignOrigin(request.headers)) {
    throw new Problem(403, 'Foreign origin', { detail: `Open the app at ${env('APP_URL')}.` })
  }
}

/** True when the origin is not APP_URL. In development and in the sandbox, other names of this computer are ours, too. */
export function hasForeignOrigin(headers: Headers): boolean {
  const origin = headers.get('origin')
  if (origin === null || origin === env('APP_URL')) return false
  if (process.env.NODE_ENV !== 'development' && !inSandbox()) return true
  // A client chooses the Host header, so it proves only a name of this computer.
  if (origin !== `http://${headers.get('host')}` || !URL.canParse(origin)) return true
  return !isLoopback(new URL(origin).hostname)
}
