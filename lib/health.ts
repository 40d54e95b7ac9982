import { prisma } from './prisma'

export type Health = { database: 'up'; workers: number; queued: number }

/** How a worker names its connections, so that Postgres itself can tell how many workers live. */
export const WORKER_NAME = 'email worker'

/**
 * The state of the system. The database knows all of it: who is connected, and what waits.
 * @throws when the database is unreachable.
 */
export async function readHealth(): Promise<Health> {
  const [row] = await prisma().$queryRaw<{ workers: number; queued: number }[]>`
    SELECT
      (SELECT count(DISTINCT application_name)::int FROM pg_stat_activity
        WHERE datname = current_database() AND starts_with(application_name, ${WORKER_NAME})) AS workers,
      (SELECT count(*)::int FROM pgboss.job WHERE name = 'send-email' AND state < 'active') AS queued`
  if (!row) throw new Error('Postgres answered nothing')
  return { database: 'up', ...row }
}
