import { env } from '../env'
import { Problem } from './problem'

/**
 * Rejects requests from pages of other sites (CSRF). Programs such as curl send neither header and are accepted. The Host
 * header cannot be trusted, so the origin is compared with APP_URL.
 * @throws {Problem} 403
 */
export function rejectForeignOrigin(request: Request): void {
  const origin = request.headers.get('origin')
  const ours = env('APP_URL')
  if (request.headers.get('sec-fetch-site') === 'cross-site' || (origin !== null && origin !== ours)) {
    throw new Problem(403, 'Foreign origin', { detail: `Open the app at ${ours}.` })
  }
}
