import { Prisma } from '../generated/prisma/client'
import { PAUSED_BY_OPERATOR, readPace } from '../sending/pace'
import { memoizeFor } from './memoize-for'
import { readPool } from './read-pool'

/** How workers call themselves in pg-boss's registry of processes, and their connections. */
export const WORKER_NAME = 'email worker'

/**
 * In SQL: the names of the live workers, each as "process id@computer". Each writes down every second that it lives: who
 * is connected, Postgres does not know behind a pooler.
 */
export const LIVE_WORKERS = Prisma.sql`
  SELECT DISTINCT pid || '@' || host AS worker FROM pgboss.instance
  WHERE name = ${WORKER_NAME} AND stopped_on IS NULL AND heartbeat_on > now() - interval '5 seconds'`

/** The number of live workers. Many may ask: it may be one second old. @throws when the database is unreachable. */
export const countWorkers = memoizeFor(1_000, async (): Promise<number> => {
  const [{ workers }] = await readPool().$queryRaw<[{ workers: number }]>`
    SELECT count(*)::int AS workers FROM (${LIVE_WORKERS}) AS live`
  return workers
})

let isStopped = false
const lookIfStopped = memoizeFor(1_000, async (): Promise<void> => {
  isStopped = (await readPace()).isPaused
})

/** What every stream tells besides: whether anybody is there to work, and whether an operator has stopped all mail. */
export const HEARTBEAT = {
  event: 'workers',
  read: async (): Promise<object> => {
    // For the next time: whoever has locked that row must not silence the streams.
    lookIfStopped().catch(() => {})
    return { workers: await countWorkers(), paused: isStopped ? PAUSED_BY_OPERATOR : null }
  },
}
