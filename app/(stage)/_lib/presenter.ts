import { env, inSandbox } from '@/lib/env'
import { readCookie } from '@/lib/http/cookie'
import { notFound, Problem } from '@/lib/http/problem'
import { hmac, isSameSecret } from '@/lib/sign'

/*
 * In a shared sandbox, some pages are for the presenter's browser only. It gets a cookie by a link from the terminal.
 * The link works once, because the audience may read it on the projector. It is an HMAC of the token, so it does not
 * reveal the cookie.
 */
const COOKIE = 'presenter'
const DAY_S = 86_400

/** On globalThis, because Next evaluates this module more than once in a process. */
const shared = globalThis as { presenterIsHere?: boolean }

/** Whether the app is open to the network (`--share`). */
export const isShared = (): boolean => env('PRESENTER_TOKEN') !== undefined

/** Whether a request is the presenter's. In a sandbox that is not shared, every request is. */
export function isPresenter(headers: Headers): boolean {
  const token = env('PRESENTER_TOKEN')
  if (token === undefined) return inSandbox()
  const sent = readCookie(headers, COOKIE)
  const isHere = sent !== undefined && isSameSecret(sent, token)
  // Also after a restart of the server, the link must not let in a second browser.
  if (isHere) shared.presenterIsHere = true
  return isHere
}

/** Whether a request may use the pages and routes that exist only in the sandbox. */
export function mayUseSandbox(headers: Headers): boolean {
  return inSandbox() && isPresenter(headers)
}

/**
 * Returns the `Set-Cookie` for the first browser that opens the link.
 * @throws {Problem} 404 for a wrong link, 410 for a used one
 */
export function signInPresenter(link: string): string {
  const token = env('PRESENTER_TOKEN')
  if (token === undefined || !isSameSecret(link, hmac('presenter', token))) throw notFound()
  if (shared.presenterIsHere) {
    throw new Problem(410, 'This link has been used', {
      detail: 'It works in one browser. Start the app again for a new one.',
    })
  }
  shared.presenterIsHere = true
  return `${COOKIE}=${token}; Path=/; Max-Age=${DAY_S}; HttpOnly; SameSite=Lax`
}
