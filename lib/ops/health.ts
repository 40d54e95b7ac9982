import { MAX_COUNTED } from '../db/max-counted'
import { prisma } from '../db/prisma'
import { env } from '../env'
import { Prisma } from '../generated/prisma/client'
import { memoizeFor } from '../live/memoize-for'
import { countWorkers, LIVE_WORKERS } from '../live/workers'
import { logThrottled } from '../log'
import { findVerdict, HOURLY_LIMIT_REACHED, TIMEOUT } from '../sending/outcome'
import { PAUSED_BY_OPERATOR, type PaceState, readPace } from '../sending/pause'
import { MAX_DEATHS } from '../sending/prepare-batch'
import type { EmailStatus } from '../status/status'
import { isOperator } from './operator'
import { type JobCounts, readQueueState, sumJobs } from './queue-state'
import { countStranded } from './sweep'

type Health = {
  database: 'up'
  workers: number
  queued: number
}

/** For the operator only. Null when it cannot be read. Counts stop at 10,000. */
type Details = {
  failed: number | null
  failedJobs: JobCounts | null
  unserved: JobCounts | null
  /** Rows that have lost their job, at most 1,000 of a kind. */
  stranded: number | null
  /** Stranded rows that the sweep has repaired since the installation. */
  repaired: number | null
  /** A code, when an operator must act: all mail or some cannot be sent, a clean-up fails, or no sweep finishes. */
  attention: string | null
  paused: Pause | null
  /** How long the oldest email has waited for its first attempt, in s. */
  oldest: number | null
  /** Resend's limit of requests a second, or the setting until it is known. */
  perSecond: number | null
}

export type Pause = {
  reason: string
  /** ISO 8601 in UTC. Null: until an operator resumes. */
  until: string | null
}

/** Reads the health, with details for an operator. */
export async function readHealthFor(headers: Headers): Promise<Health | (Health & Details)> {
  const health = await readHealth()
  if (await isOperator(headers)) return { ...(await readDetails()), ...health }
  return { ...health, queued: toStep(health.queued) }
}

// 0, 1, 10, 100 …: the exact number would reveal how many people sign up.
const toStep = (queued: number): number => (queued === 0 ? 0 : 10 ** Math.floor(Math.log10(queued)))

const readHealth = memoizeFor(100, async (): Promise<Health> => {
  const [{ queued }] = await prisma().$queryRaw<[{ queued: number }]>`
    SELECT least(${countEmails('queued')} + ${countEmails('retrying')}, ${MAX_COUNTED}) AS queued`
  return { database: 'up', workers: await countWorkers(), queued }
})

type Nullable<Type> = { [Name in keyof Type]: Type[Name] | null }

/** Never throws: after a 500, a load balancer would remove the server. */
export const readDetails = memoizeFor(
  100,
  async (): Promise<Details & Nullable<Pick<Health, 'queued' | 'workers'>>> => {
    const mails = await readOrNull('mails', readMails)
    const queues = await readOrNull('queues', readQueueState)
    const sweep = await readOrNull('sweep', countStranded)
    const pace = await readOrNull('pace', readPace)
    const { attention = null } = (await readOrNull('poisoned mails and clean-ups', readAttention)) ?? {}
    const paused = pace && toPause(pace)
    return {
      queued: mails?.queued ?? null,
      workers: await readOrNull('workers', countWorkers),
      failed: mails && queues && Math.min(MAX_COUNTED, mails.failed + sumJobs(queues.failed)),
      failedJobs: queues?.failed ?? null,
      unserved: queues?.unserved ?? null,
      stranded: sweep?.stranded ?? null,
      repaired: sweep?.repaired ?? null,
      attention: pace && paused && needsOperator(pace) ? paused.reason : attention,
      paused,
      oldest: mails?.oldest ?? null,
      perSecond: pace && (pace.perSecond ?? (await readOrNull('pace', async () => env('RESEND_RATE_LIMIT')))),
    }
  },
)

async function readOrNull<Part>(what: string, read: () => Promise<Part>): Promise<Part | null> {
  try {
    return await read()
  } catch (error) {
    logThrottled(`The health of the ${what} cannot be read`, { err: error })
    return null
  }
}

async function readMails(): Promise<{ queued: number; failed: number; oldest: number }> {
  const [row] = await prisma().$queryRaw<[{ queued: number; failed: number; oldest: number }]>`
    SELECT least(${countEmails('queued')} + ${countEmails('retrying')}, ${MAX_COUNTED}) AS queued, ${countEmails('failed')} AS failed,
      coalesce((SELECT greatest(extract(epoch FROM now() - "updatedAt"), 0)::int FROM "Email"
        WHERE status = 'queued' ORDER BY "updatedAt" LIMIT 1), 0) AS oldest`
  return row
}

// Mails that cannot be rendered or kill workers (see prepare-batch.ts), clean-ups that fail, and sweeps that do not finish.
// A worker that has just started may not have swept yet. Without workers, `workers` says so.
async function readAttention(): Promise<{ attention: string | null }> {
  const [row] = await prisma().$queryRaw<[{ attention: string | null }]>`
    SELECT coalesce(
      (SELECT output->>'reason' FROM pgboss.job
        WHERE name IN ('send-email', 'send-ticket', 'send-email-alone') AND state IN ('retry', 'active') AND output ? 'reason' LIMIT 1),
      (SELECT 'worker_died' FROM "Email" WHERE deaths >= ${MAX_DEATHS} AND id IN (
        SELECT CASE WHEN data->>'emailId' ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' THEN (data->>'emailId')::uuid END
        FROM pgboss.job WHERE name = 'send-email-alone' AND state IN ('created', 'retry', 'active') LIMIT ${MAX_COUNTED}) LIMIT 1),
      (SELECT 'clean_up_failed' FROM "CleanUp" WHERE "failedAt" IS NOT NULL LIMIT 1),
      (SELECT 'sweep_late' FROM "Sweep" WHERE "checkedUntil" < now() - interval '15 minutes'
        AND EXISTS (${LIVE_WORKERS} AND started_on < now() - interval '15 minutes'))) AS attention`
  return row
}

// stage
/** Reads why no mail goes out. */
export const readPause = memoizeFor(100, async (): Promise<Pause | null> => toPause(await readPace()))

function toPause({ isPausedByOperator, reason, until }: PaceState): Pause | null {
  if (isPausedByOperator) return { reason: PAUSED_BY_OPERATOR, until: null }
  return reason === null ? null : { reason, until: until?.toISOString() ?? null }
}

/** SQL for the number of emails with this status. In the order of the index, because otherwise Postgres reads all. */
export function countEmails(status: EmailStatus): Prisma.Sql {
  return Prisma.sql`(SELECT count(*)::int FROM (
    SELECT FROM "Email" WHERE status = ${status}::"EmailStatus" ORDER BY "updatedAt" LIMIT ${MAX_COUNTED}
  ) AS email)`
}

// The reason lacks the HTTP status. Only a `validation_error` with 401 or 403 starts a pause. A code that is not in our table has
// paused all mail either because it came with such a status, or because of failures.
function needsOperator({ isPausedByOperator, reason, failures }: PaceState): boolean {
  if (isPausedByOperator || reason === null || reason === 'validation_error') return true
  const verdict = findVerdict(reason)
  return verdict
    ? verdict.kind === 'operator'
    : failures === 0 && ![HOURLY_LIMIT_REACHED, TIMEOUT].includes(reason)
}
