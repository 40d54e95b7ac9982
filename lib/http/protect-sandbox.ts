import { env, inSandbox, isLoopback } from '../env'
import { hasForeignOrigin, type Origin } from './origin'
import { Problem } from './problem'

/**
 * Rejects requests from pages of other sites, also reads, because a sandbox has no password. Following a link is allowed. With
 * DNS rebinding, only the Host differs, so it is checked, too.
 * @param origin `any`: checks only the Host. @throws {Problem} 403
 */
export function protectSandbox({ headers }: Request, origin: Origin = 'ours'): void {
  if (!inSandbox()) return
  if (hasForeignHost(headers) || (origin === 'ours' && isFromForeignPage(headers))) {
    throw new Problem(403, 'Foreign site', { detail: `Open the app at ${env('APP_URL')}.` })
  }
}

function hasForeignHost(headers: Headers): boolean {
  const name = (headers.get('host') ?? '').replace(/:\d+$/, '')
  return name !== new URL(env('APP_URL')).hostname && !isLoopback(name)
}

function isFromForeignPage(headers: Headers): boolean {
  if (hasForeignOrigin(headers)) return true
  const isLink = headers.get('sec-fetch-mode') === 'navigate' && headers.get('sec-fetch-dest') === 'document'
  return ['cross-site', 'same-site'].includes(headers.get('sec-fetch-site') ?? '') && !isLink
}
