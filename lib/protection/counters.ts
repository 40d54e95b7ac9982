import { MeasuredPool } from '../db/pool'
import { logThrottled, reasonOf } from '../log'
import { perProcess } from '../process'

/** A fixed window: up to `most` hits within `seconds` of the first. */
export type Counter = {
  key: string
  times: number
  most: number
  seconds: number
  /** Counts even if another counter of the statement is full, and is refunded only after a 5xx. */
  keepsFailures: boolean
}

export type Full = { key: string; ms: number }

type Answer = {
  full: Full[]
  /** Never throws. */
  refund: (counters: Counter[]) => Promise<void>
}

/** Counts in the database, in one statement. While the database is down, each process counts in its own memory. */
export async function countShared(counters: Counter[]): Promise<Answer> {
  try {
    const full = await countInDatabase(counters)
    return { full, refund }
  } catch (error) {
    logFallback(error)
    return { full: countInMemory(counters), refund: async (some) => refundInMemory(some) }
  }
}

/** Reads a counter from the database, or from memory while the database does not answer. */
export async function readCount(key: string): Promise<number> {
  try {
    const rows = await query<{ points: number }>(
      'SELECT points FROM "RateLimit" WHERE key = $1 AND "expiresAt" > now()',
      [key],
    )
    return rows[0]?.points ?? 0
  } catch (error) {
    logFallback(error)
    return readInMemory({ key, seconds: 0 }).points
  }
}

function logFallback(error: unknown): void {
  logThrottled('Rate limits cannot use the database: each process counts on its own until it is back', {
    reason: reasonOf(error),
  })
}

// Locks the rows in the order of their keys, to avoid deadlocks. Request A may fill a counter after request B's `full_before`
// has read it. B finds that in `too_many`, and refunds what it counted.
async function countInDatabase(counters: Counter[]): Promise<Full[]> {
  const rows = await query<Full & { isCounted: boolean }>(
    `WITH asked AS (
       SELECT * FROM unnest($1::text[], $2::int[], $3::int[], $4::int[], $5::boolean[])
         AS asked (key, times, most, seconds, "keepsFailures")
     ), full_before AS (
       SELECT key, "expiresAt", false AS "isCounted" FROM asked JOIN "RateLimit" USING (key)
       WHERE "expiresAt" > now() AND points + times > most
     ), counted AS (
       INSERT INTO "RateLimit" AS known (key, points, "expiresAt")
       SELECT key, times, now() + make_interval(secs => seconds) FROM asked
       WHERE "keepsFailures" OR NOT EXISTS (SELECT FROM full_before) ORDER BY key
       ON CONFLICT (key) DO UPDATE SET
         points = excluded.points + CASE WHEN known."expiresAt" > now() THEN known.points ELSE 0 END,
         "expiresAt" = CASE WHEN known."expiresAt" > now() THEN known."expiresAt" ELSE excluded."expiresAt" END
       RETURNING key, points, "expiresAt"
     ), too_many AS (
       SELECT * FROM full_before UNION ALL
       SELECT key, "expiresAt", true FROM counted JOIN asked USING (key) WHERE points > most
     )
     SELECT key, "isCounted", (extract(epoch FROM "expiresAt" - now()) * 1000)::float8 AS ms FROM too_many`,
    [
      counters.map(({ key }) => key),
      counters.map(({ times }) => times),
      counters.map(({ most }) => most),
      counters.map(({ seconds }) => seconds),
      counters.map(({ keepsFailures }) => keepsFailures),
    ],
  )
  // No counter was full before, so this statement has counted all.
  if (rows.length > 0 && rows.every(({ isCounted }) => isCounted))
    await refund(counters.filter(({ keepsFailures }) => !keepsFailures))
  return rows
}

/** Repeats until it succeeds: otherwise, a mail that was never sent would count for a day. Never throws. */
async function refund(counters: Counter[]): Promise<void> {
  try {
    await refundInDatabase(counters)
  } catch (error) {
    logFallback(error)
    setTimeout(refund, QUERY_TIMEOUT_MS, counters).unref()
  }
}

async function refundInDatabase(counters: Counter[]): Promise<void> {
  if (counters.length === 0) return
  await query(
    `WITH locked AS (
       SELECT key FROM "RateLimit" WHERE key = ANY ($1) AND "expiresAt" > now() ORDER BY key FOR UPDATE
     )
     UPDATE "RateLimit" SET points = greatest(points - times, 0)
     FROM locked JOIN unnest($1::text[], $2::int[]) AS asked (key, times) USING (key)
     WHERE "RateLimit".key = locked.key`,
    [counters.map(({ key }) => key), counters.map(({ times }) => times)],
  )
}

const counts = perProcess('counts', () => new Map<string, { points: number; endsAt: number }>())

export function countInMemory(counters: Counter[]): Full[] {
  forgetOld()
  const full = counters.flatMap((counter) => findFullInMemory(counter) ?? [])
  for (const counter of full.length > 0 ? counters.filter(({ keepsFailures }) => keepsFailures) : counters) {
    const { points, endsAt } = readInMemory(counter)
    counts.set(counter.key, { points: points + counter.times, endsAt })
  }
  return full
}

export function refundInMemory(counters: Counter[]): void {
  for (const { key, times } of counters) {
    const count = counts.get(key)
    if (count) count.points = Math.max(0, count.points - times)
  }
}

export function findFullInMemory(counter: Counter): Full | undefined {
  const { points, endsAt } = readInMemory(counter)
  const ms = endsAt - performance.now()
  return points + counter.times > counter.most ? { key: counter.key, ms } : undefined
}

function readInMemory({ key, seconds }: Pick<Counter, 'key' | 'seconds'>): {
  points: number
  endsAt: number
} {
  const count = counts.get(key)
  const now = performance.now()
  return count && count.endsAt > now ? count : { points: 0, endsAt: now + seconds * 1000 }
}

let forgottenAt = 0
const FORGET_MS = 10_000

function forgetOld(): void {
  const now = performance.now()
  if (now - forgottenAt < FORGET_MS) return
  forgottenAt = now
  for (const [key, { endsAt }] of counts) if (endsAt <= now) counts.delete(key)
}

/** How long a query may take (Postgres ends it a second earlier), and how long to skip the database after an error. */
const QUERY_TIMEOUT_MS = 2_000

let awayUntil = 0

async function query<Row>(text: string, values: unknown[]): Promise<Row[]> {
  const limits = { max: 2, connectionTimeoutMillis: QUERY_TIMEOUT_MS, statementTimeoutMs: QUERY_TIMEOUT_MS }
  const pool = perProcess('limitsPool', () => new MeasuredPool(limits))
  if (performance.now() < awayUntil) throw new Error('The database did not answer a moment ago')
  try {
    return (await pool.query(text, values)).rows as Row[]
  } catch (error) {
    awayUntil = performance.now() + QUERY_TIMEOUT_MS
    throw error
  }
}
