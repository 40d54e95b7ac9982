import { logSeldom } from '../log'
import { prisma } from './prisma'

const FRESH_MS = 60_000

// On globalThis, because Next evaluates this module more than once in a process. `origin` is what the database's clock
// said, in ms since 1970, when `performance.now()` was 0.
const shared = globalThis as { databaseClock?: { origin?: number; readAt?: number } }
shared.databaseClock ??= {}
const clock = shared.databaseClock

/**
 * The time by the database's clock, in ms since 1970, from a reading that is about a minute old. So all processes agree
 * on it, whatever their own clocks say. Until the first reading has succeeded, it is this process's own time.
 */
export async function databaseNow(): Promise<number> {
  const { readAt } = clock
  if (readAt === undefined || performance.now() - readAt > FRESH_MS) {
    clock.readAt = performance.now()
    const reading = readClock().catch(({ message }) =>
      logSeldom('The clock of the database could not be read', { reason: message }),
    )
    if (readAt === undefined) await reading
  }
  return (clock.origin ?? performance.timeOrigin) + performance.now()
}

async function readClock(): Promise<void> {
  const [{ ms }] = await prisma().$queryRaw<[{ ms: number }]>`
    SELECT (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS ms`
  clock.origin = ms - performance.now()
}
