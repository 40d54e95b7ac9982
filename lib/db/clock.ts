import { logThrottled, reasonOf } from '../log'
import { prisma } from './prisma'

/** How long a reading is good for, in ms, and how soon one that failed is tried again. */
const FRESH_MS = 60_000
const RETRY_MS = 1_000

type Clock = {
  /** What the database's clock said, in ms since 1970, when `performance.now()` was 0. */
  origin?: number
  /** When it is read again. */
  dueAt: number
  /** Done when the first reading is, or has failed. */
  first?: Promise<void>
}

// On globalThis, because Next evaluates this module more than once in a process.
const shared = globalThis as { databaseClock?: Clock }
shared.databaseClock ??= { dueAt: 0 }
const clock = shared.databaseClock

/**
 * The time by the database's clock, in ms since 1970, from a reading that is about a minute old. So all processes agree
 * on it, whatever their own clocks say. Until the first reading has succeeded, it is this process's own time.
 */
export async function databaseNow(): Promise<number> {
  if (performance.now() >= clock.dueAt) {
    clock.dueAt = performance.now() + RETRY_MS
    const reading = readClock().catch((error) =>
      logThrottled('The clock of the database could not be read', { reason: reasonOf(error) }),
    )
    clock.first ??= reading
  }
  await clock.first
  return (clock.origin ?? performance.timeOrigin) + performance.now()
}

async function readClock(): Promise<void> {
  const [{ ms }] = await prisma().$queryRaw<[{ ms: number }]>`
    SELECT (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS ms`
  // The wait for a connection came before it.
  clock.origin = ms - performance.now()
  clock.dueAt = performance.now() + FRESH_MS
}
