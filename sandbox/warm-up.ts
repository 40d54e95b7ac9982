import { setTimeout as sleep } from 'node:timers/promises'
import { OURS } from './own-visits'
import { listRoutes } from './routes'

// Next loads a route at its first visit, and in development compiles it. These visits keep that wait from the user.

/** Waits until the first page and the signup route answer. */
export async function openSignup(appUrl: string, signal: AbortSignal): Promise<void> {
  const page = { signal }
  // An empty signup, which is rejected.
  const form = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}', signal }
  while (!(await visit(appUrl, page))) await sleep(100, undefined, page)
  while (!(await visit(`${appUrl}/api/users`, form))) await sleep(100, undefined, page)
}

/** The user's first clicks come before the warm-up. */
const HEAD_START_MS = 3_000

/**
 * Visits all pages and routes, one at a time, until `signal` is aborted. After each visit it pauses for as long as the
 * visit took, so that it does not slow the user down.
 */
export async function warmUp(appUrl: string, signal: AbortSignal): Promise<void> {
  await sleep(HEAD_START_MS, undefined, { signal })
  for (const path of await listRoutes()) {
    const start = performance.now()
    await visit(appUrl + path, { signal })
    await sleep(performance.now() - start, undefined, { signal })
  }
}

async function visit(url: string, init: RequestInit): Promise<boolean> {
  try {
    const response = await fetch(`${url}?${OURS}`, init)
    // An event stream does not end by itself.
    if (response.headers.get('content-type')?.startsWith('text/event-stream')) await response.body?.cancel()
    else await response.text()
    return true
  } catch {
    return false
  }
}
