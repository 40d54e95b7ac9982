import { Prisma } from '../generated/prisma/client'
import { PAUSED_BY_OPERATOR, readPace } from '../sending/pause'
import { memoizeFor } from './memoize-for'
import { readPool } from './read-pool'

export const WORKER_NAME = 'email worker'

/** SQL: the live workers as "pid@host". pg_stat_activity does not show them behind a pooler. */
export const LIVE_WORKERS = Prisma.sql`
  SELECT DISTINCT pid || '@' || host AS worker FROM pgboss.instance
  WHERE name = ${WORKER_NAME} AND stopped_on IS NULL AND heartbeat_on > now() - interval '5 seconds'`

/** Counts the live workers, at most once a second. */
export const countWorkers = memoizeFor(1_000, async (): Promise<number> => {
  const [{ workers }] = await readPool().$queryRaw<[{ workers: number }]>`
    SELECT count(*)::int AS workers FROM (${LIVE_WORKERS}) AS live`
  return workers
})

let isPausedByOperator = false
const refreshPaused = memoizeFor(1_000, async (): Promise<void> => {
  isPausedByOperator = (await readPace()).isPausedByOperator
})

export const HEARTBEAT = {
  event: 'workers',
  read: async (): Promise<object> => {
    // Not awaited: a lock on the table `Pace`, or a full pool, must not stop the heartbeats.
    refreshPaused().catch(() => {})
    return { workers: await countWorkers(), paused: isPausedByOperator ? PAUSED_BY_OPERATOR : null }
  },
}
