import { VERDICTS } from './email/outcome'
import { prisma } from './prisma'
import { shareFor } from './share'

export type Health = {
  database: 'up'
  /** Processes that take jobs. */
  workers: number
  /** Jobs that wait, also those that wait for another try. */
  queued: number
  /** Emails that were given up. */
  failed: number
  /** Why no mail goes out until an operator acts, as a code. */
  attention: string | null
}

/** How a worker names its connections, so that Postgres itself can tell how many workers live. */
export const WORKER_NAME = 'email worker'

const OPERATOR_REASONS = Object.entries(VERDICTS)
  .filter(([, { kind }]) => kind === 'operator')
  .map(([error]) => error.split(' ')[0])

/**
 * The state of the system. The database knows all of it: who is connected, and what waits.
 * Many may ask at once, so the answer may be 0.1 s old, and the number of workers a second.
 * @throws when the database is unreachable.
 */
export const readHealth = shareFor(100, async (): Promise<Health> => {
  const [row] = await prisma().$queryRaw<[Omit<Health, 'database' | 'workers'>]>`
    SELECT
      (SELECT count(*)::int FROM pgboss.job WHERE name = 'send-email' AND state < 'active') AS queued,
      (SELECT count(*)::int FROM "Email" WHERE status = 'failed') AS failed,
      (SELECT min(reason) FROM "Email" JOIN "EmailEvent" event ON "emailId" = "Email".id
        WHERE "Email".status = 'retrying' AND event.status = 'retrying' AND "retryAt" > now()
        AND reason = ANY (${OPERATOR_REASONS})) AS attention`
  return { database: 'up', workers: await countWorkers(), ...row }
})

/**
 * The number of live workers. Many may ask at once, so the answer may be one second old.
 * @throws when the database is unreachable.
 */
export const countWorkers = shareFor(1_000, async (): Promise<number> => {
  const [{ workers }] = await prisma().$queryRaw<[{ workers: number }]>`
    SELECT count(DISTINCT application_name)::int AS workers FROM pg_stat_activity
    WHERE datname = current_database() AND starts_with(application_name, ${WORKER_NAME})`
  return workers
})
