import { env } from '../env'
import { Problem } from './problem'

/** Rejects requests from pages of other sites (CSRF). curl sends neither header. @throws {Problem} 403 */
export function rejectForeignOrigin(request: Request): void {
  const origin = request.headers.get('origin')
  // Not the Host header: the client chooses it.
  const ours = env('APP_URL')
  if (request.headers.get('sec-fetch-site') === 'cross-site' || (origin !== null && origin !== ours)) {
    throw new Problem(403, 'Foreign origin', { detail: `Open the app at ${ours}.` })
  }
}
