import { MOST } from './count'
import { prisma } from './db/prisma'
import { shareFor } from './db/share'
import { watching } from './db/watching'
import { findVerdict } from './email/outcome'
import type { EmailStatus } from './email/status'
import { env } from './env'
import { type Pace, Prisma } from './generated/prisma/client'
import { isOperator } from './operator'
import { countStranded } from './sweep'

/** What everybody may know: whether it works. */
type Health = {
  database: 'up'
  /** Processes that take jobs. */
  workers: number
  /** Emails that wait to be sent, also those that wait for another try. 10,000 means so many or more. */
  queued: number
}

/** What concerns the operator besides. */
type Details = {
  /** Emails that were given up. 10,000 means so many or more. */
  failed: number
  /** Rows that have waited for more than a minute without a job, which should be impossible. 1,000 of a kind at the most. */
  stranded: number
  /** How many of those a worker has mended so far: see lib/sweep.ts. */
  mended: number
  /** Why no mail goes out until an operator acts, as a code. */
  attention: string | null
  paused: Pause | null
  /** For how long the email that waits longest has waited for its first attempt, in s. 0 when none does. */
  oldest: number
  /** How many requests a second Resend lets us make, as far as we know. */
  perSecond: number
}

/** Why no mail goes out, as a code, and when it goes on. */
export type Pause = {
  reason: string
  /** ISO 8601 in UTC. */
  until: string
}

/** How a worker names its connections, before its own name, so that Postgres itself can tell which workers live. */
export const WORKER_NAME = 'email worker'

/**
 * The state of the system, for who asks by these headers.
 * @throws when the database is unreachable.
 */
export async function tellHealth(headers: Headers): Promise<Health | (Health & Details)> {
  const health = await readHealth()
  const { database, workers, queued } = health
  return (await isOperator(headers)) ? health : { database, workers, queued }
}

/**
 * The database knows all of it: who is connected, what waits, and why. Many may ask at once: one statement is under way
 * at a time, and the answer may be 0.1 s old, the number of workers a second.
 * @throws when the database is unreachable.
 */
export const readHealth = shareFor(100, async (): Promise<Health & Details> => {
  const [counts] = await prisma().$queryRaw<[Pick<Health & Details, 'queued' | 'failed' | 'oldest'>]>`
    SELECT least(${countEmails('queued')} + ${countEmails('retrying')}, ${MOST}) AS queued,
      ${countEmails('failed')} AS failed,
      coalesce((SELECT greatest(extract(epoch FROM now() - "updatedAt"), 0)::int FROM "Email"
        WHERE status = 'queued' ORDER BY "updatedAt" LIMIT 1), 0) AS oldest`
  const { stranded, mended } = await countStranded()
  const workers = await countWorkers()
  const pace = await prisma().pace.findUnique({ where: { account: 'resend' } })
  const paused = toPause(pace)
  return {
    database: 'up',
    workers,
    ...counts,
    stranded,
    mended,
    attention: paused && needsOperator(paused.reason) ? paused.reason : null,
    paused,
    perSecond: pace?.perSecond ?? env('RESEND_RATE_LIMIT'),
  }
})

/**
 * The number of live workers. Many may ask at once, so the answer may be one second old.
 * @throws when the database is unreachable.
 */
const countWorkers = shareFor(1_000, async (): Promise<number> => {
  const [{ workers }] = await watching().$queryRaw<[{ workers: number }]>`
    SELECT count(DISTINCT application_name)::int AS workers FROM pg_stat_activity
    WHERE datname = current_database() AND starts_with(application_name, ${WORKER_NAME})`
  return workers
})

/** What every stream tells besides: whether anybody is there to work. */
export const HEARTBEAT = {
  event: 'workers',
  read: async (): Promise<object> => ({ workers: await countWorkers() }),
}

/**
 * Whether the account at the mail service is paused, and why.
 * @throws when the database is unreachable.
 */
export const readPause = shareFor(100, async (): Promise<Pause | null> => {
  return toPause(await prisma().pace.findUnique({ where: { account: 'resend' } }))
})

function toPause(pace: Pace | null): Pause | null {
  return pace?.reason ? { reason: pace.reason, until: pace.nextTurnAt.toISOString() } : null
}

/** In SQL: how many emails have this status, `MOST` at the most. In the order of the index, or all would be read. */
export function countEmails(status: EmailStatus): Prisma.Sql {
  return Prisma.sql`(SELECT count(*)::int FROM (
    SELECT FROM "Email" WHERE status = ${status}::"EmailStatus" ORDER BY "updatedAt" LIMIT ${MOST}
  ) AS email)`
}

// A stored name carries no status. Where the name alone would be the fault of a mail, it does not pause an account.
function needsOperator(reason: string): boolean {
  return reason === 'validation_error' || findVerdict(reason)?.kind === 'operator'
}
