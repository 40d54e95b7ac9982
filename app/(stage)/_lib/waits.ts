import { inSandbox } from '@/lib/env'

/** How many signups are remembered, so that the memory does not grow. */
const MOST = 2_000
/** The number of last signups whose median is shown. */
const RECENT = 100

/** On globalThis, because Next evaluates this module more than once in a process. */
const shared = globalThis as { waits?: Map<string, number> }

shared.waits ??= new Map()
/** How long the server took for each signup, in ms, by the id of the welcome email. */
export const waits = shared.waits

/**
 * Remembers how long the server took for a signup. Does nothing outside the sandbox.
 * @param since by `performance.now()`
 */
export function recordWait(emailId: string, since: number): void {
  // A replay repeats the first answer.
  if (!inSandbox() || waits.has(emailId)) return
  waits.set(emailId, Math.max(1, Math.round(performance.now() - since)))
  const [oldest] = waits.keys()
  if (waits.size > MOST && oldest) waits.delete(oldest)
}

/** The median of the last waits, in ms. Null before the first signup. */
export function medianWait(): number | null {
  const last = [...waits.values()].slice(-RECENT).sort((a, b) => a - b)
  return last[last.length >> 1] ?? null
}
