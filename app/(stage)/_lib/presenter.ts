import { timingSafeEqual } from 'node:crypto'
import { env, inSandbox } from '@/lib/env'
import { notFound, Problem } from '@/lib/http/problem'
import { hmac } from '@/lib/sign'

/*
 * While a whole room may reach the app, some things are for the browser of the one who speaks. It becomes the
 * presenter's by a link from the terminal, which works once: who has seen it on the screen comes too late. The link is
 * made from the token, and nobody can tell the token from it.
 */
const COOKIE = 'presenter'
const DAY_S = 86_400

/** Of this process, and on globalThis, because Next evaluates this module more than once. */
const shared = globalThis as { presenterIsHere?: boolean }

/** Whether others than the presenter may reach the app. */
export const isShared = (): boolean => env('PRESENTER_TOKEN') !== undefined

/** Whether a request is the presenter's. In a sandbox that is not shared, every one is. */
export function isPresenter(headers: Headers): boolean {
  const token = env('PRESENTER_TOKEN')
  if (token === undefined) return inSandbox()
  const sent = new RegExp(`(?:^|;\\s*)${COOKIE}=([^;]*)`).exec(headers.get('cookie') ?? '')?.[1]
  const isHere = sent !== undefined && isSame(sent, token)
  // Also after a restart of the server, the link must not let in a second browser.
  if (isHere) shared.presenterIsHere = true
  return isHere
}

/** Whether a request may see and change what there is in the sandbox only. */
export function mayUseSandbox(headers: Headers): boolean {
  return inSandbox() && isPresenter(headers)
}

/**
 * The `Set-Cookie` for the browser that opens the link first.
 * @throws {Problem} 404 for a wrong link, 410 for one that has been used
 */
export function admitPresenter(link: string): string {
  const token = env('PRESENTER_TOKEN')
  if (token === undefined || !isSame(link, hmac('presenter', token))) throw notFound()
  if (shared.presenterIsHere) {
    throw new Problem(410, 'This link has been used', {
      detail: 'It works in one browser. Start the app again for a new one.',
    })
  }
  shared.presenterIsHere = true
  return `${COOKIE}=${token}; Path=/; Max-Age=${DAY_S}; HttpOnly; SameSite=Lax`
}

function isSame(given: string, good: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(good)]
  return a.length === b.length && timingSafeEqual(a, b)
}
