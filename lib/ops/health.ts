import { MOST } from '../db/count'
import { prisma } from '../db/prisma'
import { env } from '../env'
import { Prisma } from '../generated/prisma/client'
import { memoizeFor } from '../live/memoize-for'
import { countWorkers } from '../live/workers'
import { logThrottled } from '../log'
import { findVerdict } from '../sending/outcome'
import { PAUSED_BY_OPERATOR, type PaceState, readPace } from '../sending/pace'
import type { EmailStatus } from '../status/status'
import { isOperator } from './operator'
import { type JobCounts, readQueueState, sumJobs } from './queue-state'
import { countStranded } from './sweep'

/** Public. */
type Health = {
  database: 'up'
  /** Processes that take jobs. */
  workers: number
  /** Emails that wait, at most 10,000. Strangers see 0, 1, 10, 100, 1,000 or 10,000. */
  queued: number
}

/** For the operator only. Null: it could not be read, and the log has the reason. */
type Details = {
  /** Emails and jobs of all queues that were given up, 10,000 at the most. */
  failed: number | null
  /** Those of them that are jobs, by queue. */
  failedJobs: JobCounts | null
  /** Jobs in queues that no worker of this version takes, by queue. */
  unserved: JobCounts | null
  /** Rows that have waited for more than a minute without a job, which should be impossible. 1,000 of a kind at the most. */
  stranded: number | null
  /** How many of those a worker has mended so far: see lib/ops/sweep.ts. */
  mended: number | null
  /** What does not go on until an operator acts, as a code: all mail, some that kills workers or cannot be rendered, a clean-up. */
  attention: string | null
  paused: Pause | null
  /** For how long the email that waits longest has waited for its first attempt, in s. 0 when none does. */
  oldest: number | null
  /** How many requests a second Resend lets us make, as far as we know. */
  perSecond: number | null
}

/** Why no mail goes out, as a code, and when it goes on. */
export type Pause = {
  reason: string
  /** ISO 8601 in UTC; null: when an operator says so. */
  until: string | null
}

/** Reads the health, with details for an operator. @throws when the database is unreachable. */
export async function readHealthFor(headers: Headers): Promise<Health | (Health & Details)> {
  const health = await readHealth()
  if (await isOperator(headers)) return { ...(await readDetails()), ...health }
  return { ...health, queued: toStep(health.queued) }
}

/** Strangers see no more than the size of the queue: the exact number would tell how many sign up. */
const toStep = (queued: number): number => (queued === 0 ? 0 : 10 ** Math.floor(Math.log10(queued)))

/** The answer may be 0.1 s old, the number of workers 1 s. @throws when the database is unreachable. */
const readHealth = memoizeFor(100, async (): Promise<Health> => {
  const [{ queued }] = await prisma().$queryRaw<[{ queued: number }]>`
    SELECT least(${countEmails('queued')} + ${countEmails('retrying')}, ${MOST}) AS queued`
  return { database: 'up', workers: await countWorkers(), queued }
})

type Nullable<Type> = { [Name in keyof Type]: Type[Name] | null }

/** Reads what it can. Nothing in here may make the health a 500, or a balancer would take the site out. */
export const readDetails = memoizeFor(
  100,
  async (): Promise<Details & Nullable<Pick<Health, 'queued' | 'workers'>>> => {
    const mails = await attempt('mails', readMails)
    const queues = await attempt('queues', readQueueState)
    const sweep = await attempt('sweep', countStranded)
    const pace = await attempt('pace', readPace)
    const { attention = null } = (await attempt('poisoned mails and clean-ups', readAttention)) ?? {}
    const paused = pace && toPause(pace)
    return {
      queued: mails?.queued ?? null,
      workers: await attempt('workers', countWorkers),
      failed: mails && queues && Math.min(MOST, mails.failed + sumJobs(queues.failed)),
      failedJobs: queues?.failed ?? null,
      unserved: queues?.unserved ?? null,
      stranded: sweep?.stranded ?? null,
      mended: sweep?.mended ?? null,
      attention: paused && needsOperator(paused.reason) ? paused.reason : attention,
      paused,
      oldest: mails?.oldest ?? null,
      perSecond: pace ? (pace.perSecond ?? env('RESEND_RATE_LIMIT')) : null,
    }
  },
)

async function attempt<Part>(what: string, read: () => Promise<Part>): Promise<Part | null> {
  try {
    return await read()
  } catch (error) {
    logThrottled(`The health of the ${what} cannot be read`, { err: error })
    return null
  }
}

async function readMails(): Promise<{ queued: number; failed: number; oldest: number }> {
  const [row] = await prisma().$queryRaw<[{ queued: number; failed: number; oldest: number }]>`
    SELECT least(${countEmails('queued')} + ${countEmails('retrying')}, ${MOST}) AS queued, ${countEmails('failed')} AS failed,
      coalesce((SELECT greatest(extract(epoch FROM now() - "updatedAt"), 0)::int FROM "Email"
        WHERE status = 'queued' ORDER BY "updatedAt" LIMIT 1), 0) AS oldest`
  return row
}

/** Finds mails that cannot be rendered or that kill workers (see gather.ts), and clean-ups that fail. */
async function readAttention(): Promise<{ attention: string | null }> {
  const [row] = await prisma().$queryRaw<[{ attention: string | null }]>`
    SELECT coalesce(
      (SELECT output->>'reason' FROM pgboss.job
        WHERE name IN ('send-email', 'send-ticket', 'send-email-alone') AND state IN ('retry', 'active') AND output ? 'reason' LIMIT 1),
      (SELECT 'worker_died' FROM pgboss.job
        WHERE name = 'send-email-alone' AND state IN ('created', 'retry', 'active') LIMIT 1),
      (SELECT 'clean_up_failed' FROM "CleanUp" WHERE "failedAt" IS NOT NULL LIMIT 1)) AS attention`
  return row
}

/** Reads why no mail goes out. @throws when the database is unreachable. */
export const readPause = memoizeFor(100, async (): Promise<Pause | null> => toPause(await readPace()))

function toPause({ isPaused, reason, until }: PaceState): Pause | null {
  if (isPaused) return { reason: PAUSED_BY_OPERATOR, until: null }
  return reason === null ? null : { reason, until: until?.toISOString() ?? null }
}

/** In SQL: how many emails have this status, `MOST` at the most. In the order of the index, or all would be read. */
export function countEmails(status: EmailStatus): Prisma.Sql {
  return Prisma.sql`(SELECT count(*)::int FROM (
    SELECT FROM "Email" WHERE status = ${status}::"EmailStatus" ORDER BY "updatedAt" LIMIT ${MOST}
  ) AS email)`
}

// The stored reason lacks the status. During a pause, `validation_error` is one of a 401 or 403: others pause nothing.
function needsOperator(reason: string): boolean {
  return [PAUSED_BY_OPERATOR, 'validation_error'].includes(reason) || findVerdict(reason)?.kind === 'operator'
}
