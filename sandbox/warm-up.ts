import { setTimeout as sleep } from 'node:timers/promises'
import { listRoutes } from './routes'

// Next loads a route, and in development compiles it, at its first visit. Nobody should wait for that.

/** Marks our visits, so that they need not fill the log. */
export const OURS = 'warm-up'

/** Whether a line of the log tells of one of our visits. */
export function isOurVisit(line: string): boolean {
  return line.includes(`?${OURS} `)
}

/** Waits for the web server, and for what somebody needs to sign up. */
export async function openSignup(appUrl: string, signal: AbortSignal): Promise<void> {
  const page = { signal }
  // Nobody's signup: it is refused.
  const form = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}', signal }
  while (!(await visit(appUrl, page))) await sleep(100, undefined, page)
  while (!(await visit(`${appUrl}/api/users`, form))) await sleep(100, undefined, page)
}

/** Who has waited for the app will click first. */
const HEAD_START_MS = 3_000

/**
 * Visits all pages and routes, one at a time, until `signal` is aborted. After each it pauses for as long as that took:
 * it must not be in the way of people.
 */
export async function warmUp(appUrl: string, signal: AbortSignal): Promise<void> {
  await sleep(HEAD_START_MS, undefined, { signal })
  for (const path of await listRoutes()) {
    const start = performance.now()
    await visit(appUrl + path, { signal })
    await sleep(performance.now() - start, undefined, { signal })
  }
}

/** @returns whether there was an answer, of whatever kind */
async function visit(url: string, init: RequestInit): Promise<boolean> {
  try {
    const response = await fetch(`${url}?${OURS}`, init)
    // A stream of events would never end.
    if (response.headers.get('content-type')?.startsWith('text/event-stream')) await response.body?.cancel()
    else await response.text()
    return true
  } catch {
    return false
  }
}
