import { logThrottled, reasonOf } from '../log'
import { perProcess } from '../process'
import { prisma } from './prisma'

const FRESH_MS = 60_000
const RETRY_MS = 1_000

type Clock = {
  /** The database's time when `performance.now()` was 0, in ms. */
  origin?: number
  dueAt: number
  first?: Promise<void>
}

const clock = perProcess('databaseClock', (): Clock => ({ dueAt: 0 }))

/** Returns the database's time, in ms since 1970. Until it was read once, the time of this process. Never throws. */
export async function databaseNow(): Promise<number> {
  if (performance.now() >= clock.dueAt) {
    clock.dueAt = performance.now() + RETRY_MS
    const reading = readClock().catch((error) =>
      logThrottled("Cannot read the database's clock", { reason: reasonOf(error) }),
    )
    clock.first ??= reading
  }
  await clock.first
  return (clock.origin ?? performance.timeOrigin) + performance.now()
}

async function readClock(): Promise<void> {
  const [{ ms }] = await prisma().$queryRaw<[{ ms: number }]>`
    SELECT (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS ms`
  // Most of the delay is the wait for a connection, before Postgres reads its clock.
  clock.origin = ms - performance.now()
  clock.dueAt = performance.now() + FRESH_MS
}
