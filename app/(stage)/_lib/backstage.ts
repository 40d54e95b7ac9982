import { MAX_COUNTED } from '@/lib/db/max-counted'
import { prisma } from '@/lib/db/prisma'
import { inSandbox } from '@/lib/env'
import { Prisma } from '@/lib/generated/prisma/client'
import { memoizeFor } from '@/lib/live/memoize-for'
import { LIVE_WORKERS } from '@/lib/live/workers'
import { countEmails, type Pause, readPause } from '@/lib/ops/health'
import { isServed, type JobCounts, readQueueState, toRedriveCommand } from '@/lib/ops/queue-state'
import { countStranded } from '@/lib/ops/sweep'
import type { EmailStatus } from '@/lib/status/status'
import { isShared } from './presenter'
import { QUEUE_DOTS } from './queue-dots'
import { medianWait } from './waits'
import { readWeather, type Weather } from './weather'

/** The state of the backstage without the dots. Counts of emails stop at 10,000, which means 10,000 or more. */
export type Backstage = {
  /** Emails by their present state. */
  now: { waiting: number; working: number; retrying: number; failed: number }
  /** Rows that have waited for more than a minute without a job: see lib/ops/sweep.ts. */
  stranded: number
  /** Accepted mails, bounced mails, and the accepted ones in each of the last 60 full seconds. */
  sent: { total: number; bounced: number; perSecond: number[] }
  /** The median of how long the server took for the last hundred signups. Null outside the sandbox. */
  waitedMs: number | null
  /** How long the mails of the last five minutes took. */
  times: Times | null
  /** Why no mail goes out at the moment. */
  paused: Pause | null
  /** The live workers, each as "process id@computer". */
  workers: string[]
  /** The emails with the latest events. */
  latest: EmailRow[]
  /** The latest emails that were given up. */
  dead: EmailRow[]
  /** Dead-lettered jobs, by queue. */
  failedJobs: JobCounts
  /** The command that moves them, for each of these queues that is not in lib/queue.ts. */
  remedies: Record<string, string>
  /** Null outside the sandbox. */
  weather: Weather | null
}

export type EmailRow = {
  id: string
  status: EmailStatus
  attempts: number
  /** A code: see app/components/ticket/reasons.ts. */
  reason: string | null
}

/** In ms: the wait until the attempt that succeeded, and the time that this attempt took. */
export type Times = { waited: [median: number, p95: number]; took: [median: number, p95: number] }

/**
 * A dot of the picture. It is one email, with the beginning of its id, or a request with all its emails, with an id and
 * a worker. In a shared sandbox, a single email has the first name of its user.
 */
export type Dot = [
  id: string,
  status: EmailStatus,
  mails: number,
  worker: string | null,
  name?: string | null,
]

const LATEST = 10
const DEAD = 20
const FAILED_DOTS = 50
/** The number of last events that are searched for newly sent mails and for the latest jobs. */
const RECENT_EVENTS = 3_000
/** The first of these events may be the rest of a batch whose other events are out of range. */
const CUT_OFF = 500
/** The number of last mails, out of the last five minutes, whose times count. */
const TIMED = 500

/**
 * Reads the state for the backstage. All watchers share one statement at a time. The answer may be 0.1 s old, and the
 * sent mails 0.5 s.
 */
export const readBackstage = memoizeFor(100, async (): Promise<Backstage & { dots: Dot[] }> => {
  const [known, weather] = await Promise.all([readDatabase(), inSandbox() ? readWeather() : null])
  return { ...known, waitedMs: medianWait(), weather }
})

type Now = Pick<Backstage, 'now' | 'workers' | 'latest' | 'dead'> & { dots: Dot[] }

async function readDatabase(): Promise<Omit<Backstage, 'waitedMs' | 'weather'> & { dots: Dot[] }> {
  const now = await readNow()
  const { stranded } = await countStranded()
  const { failed: failedJobs } = await readQueueState()
  const old = Object.keys(failedJobs).filter((name) => !isServed(name))
  return {
    ...now,
    stranded,
    failedJobs,
    remedies: Object.fromEntries(old.map((name) => [name, toRedriveCommand(name)])),
    sent: await readSent(),
    times: await readTimes(),
    paused: await readPause(),
  }
}

// One statement, so that the numbers and the dots are of the same moment. Its cost does not grow with the backlog or the
// history: it uses the index on `status` and `updatedAt`, and the primary key of the events backwards.
async function readNow(): Promise<Now> {
  const [row] = await prisma().$queryRaw<[Now]>`
    WITH count AS MATERIALIZED (
      SELECT ${countEmails('queued')} AS waiting, ${countEmails('sending')} AS working,
        ${countEmails('retrying')} AS retrying, ${countEmails('failed')} AS failed
    ), recent AS MATERIALIZED (
      SELECT id, "emailId", status, reason, "providerEventId", xmin, id - min(id) OVER () AS since
      FROM (SELECT *, xmin FROM "EmailEvent" ORDER BY id DESC LIMIT ${RECENT_EVENTS}) AS event
    ), dot AS (
      -- A request goes by the transaction that made it ready.
      SELECT 'request ' || batch.xmin AS id, 'sending'::"EmailStatus" AS status, count(*) AS mails, sender,
        max(email.id::text)::uuid AS email
      FROM "Email" AS email JOIN "Batch" AS batch ON batch.id = "batchId" WHERE status = 'sending'
      GROUP BY batch.id, batch.xmin
      UNION
      SELECT left(email.id::text, 8), status, 1, NULL, email.id FROM count CROSS JOIN unnest('{retrying,queued}'::"EmailStatus"[]) AS current
      CROSS JOIN LATERAL (
        SELECT id, status FROM "Email" WHERE status = current ORDER BY "updatedAt" LIMIT ${QUEUE_DOTS}
      ) AS email WHERE waiting + retrying <= ${QUEUE_DOTS}
      UNION
      SELECT left(id::text, 8), status, 1, NULL, id
      FROM (SELECT id, status FROM "Email" WHERE status = 'failed' ORDER BY "updatedAt" LIMIT ${FAILED_DOTS}) AS email
      UNION
      -- So does its answer.
      SELECT 'request ' || start.xmin, 'sent', mails, NULL, email FROM (
        SELECT max("emailId"::text)::uuid AS email, count(*) AS mails FROM recent
        WHERE status = 'sent' AND "providerEventId" IS NULL
        GROUP BY xmin HAVING min(since) > ${CUT_OFF} OR (SELECT count(*) FROM recent) < ${RECENT_EVENTS}
      ) AS answer CROSS JOIN LATERAL (
        SELECT xmin FROM "EmailEvent" WHERE "emailId" = email AND status = 'sending' ORDER BY id DESC LIMIT 1
      ) AS start
      UNION
      SELECT left("emailId"::text, 8), status, 1, NULL, "emailId" FROM recent WHERE status IN ('bounced', 'suppressed', 'complained')
    )
    SELECT
      (SELECT to_json(count) FROM count) AS now,
      (SELECT coalesce(json_agg(worker ORDER BY worker), '[]') FROM (${LIVE_WORKERS}) AS live) AS workers,
      (SELECT coalesce(json_agg(json_build_object(
          'id', email.id, 'status', email.status, 'attempts', attempts,
          'reason', CASE email.status WHEN 'sending' THEN (
            SELECT reason FROM "EmailEvent" WHERE "emailId" = email.id AND status = 'retrying'
            ORDER BY id DESC LIMIT 1
          ) WHEN event.status THEN reason END
        ) ORDER BY event.id DESC), '[]')
        FROM (
          SELECT * FROM (SELECT DISTINCT ON ("emailId") * FROM recent ORDER BY "emailId", id DESC) AS last
          ORDER BY id DESC LIMIT ${LATEST}
        ) AS event JOIN "Email" AS email ON email.id = event."emailId") AS latest,
      (SELECT coalesce(json_agg(json_build_object(
          'id', id, 'status', status, 'attempts', attempts,
          'reason', (SELECT reason FROM "EmailEvent" WHERE "emailId" = email.id AND status = 'failed' ORDER BY id DESC LIMIT 1)
        ) ORDER BY "updatedAt" DESC), '[]')
        FROM (SELECT id, status, attempts, "updatedAt" FROM "Email" WHERE status = 'failed' ORDER BY "updatedAt" DESC LIMIT ${DEAD}) AS email) AS dead,
      (SELECT coalesce(json_agg(json_build_array(id, status, mails, sender${withName()})), '[]')
        FROM (SELECT DISTINCT ON (id) * FROM dot ORDER BY id, mails DESC) AS dot) AS dots`
  return row
}

const readSent = memoizeFor(500, async (): Promise<Backstage['sent']> => {
  const [row] = await prisma().$queryRaw<[Backstage['sent']]>`
    WITH last_minute AS MATERIALIZED (
      SELECT (floor(extract(epoch FROM now())) - floor(extract(epoch FROM at)))::int AS age, count(*)::int AS mails
      FROM "EmailEvent"
      WHERE id > (SELECT max(id) - 30000 FROM "EmailEvent") AND status = 'sent' AND at > now() - interval '61 seconds'
      GROUP BY age
    ), back AS MATERIALIZED (
      SELECT ${sumEmails(['bounced', 'suppressed', 'complained'])} AS bounced
    )
    SELECT
      least(bounced + ${sumEmails(['sent', 'delayed', 'delivered'])}, ${MAX_COUNTED}) AS total,
      least(bounced, ${MAX_COUNTED}) AS bounced,
      (SELECT json_agg(coalesce(mails, 0) ORDER BY second DESC)
        FROM generate_series(1, 60) AS second LEFT JOIN last_minute ON age = second) AS "perSecond"
    FROM back`
  return row
})

// Read from the timelines. pg-boss's statistics miss the sending, because a job completes before its batch is sent.
const readTimes = memoizeFor(2_000, async (): Promise<Times | null> => {
  const [row] = await prisma().$queryRaw<[{ [Name in keyof Times]: Times[Name] | null }]>`
    SELECT ${percentiles('taken - queued')} AS waited, ${percentiles('sent - taken')} AS took
    FROM (
      SELECT id, "emailId", at AS sent FROM "EmailEvent"
      WHERE id > (SELECT max(id) - 30000 FROM "EmailEvent") AND status = 'sent' AND "providerEventId" IS NULL
        AND at > now() - interval '5 minutes'
      ORDER BY id DESC LIMIT ${TIMED}
    ) AS mail CROSS JOIN LATERAL (
      SELECT max(at) FILTER (WHERE status = 'queued') AS queued, max(at) FILTER (WHERE status = 'sending') AS taken
      FROM "EmailEvent" AS event WHERE event."emailId" = mail."emailId" AND event.id < mail.id
    ) AS before`
  const { waited, took } = row
  return waited && took && { waited, took }
})

/** In SQL: a column with the first name of the user, for a single mail. */
function withName(): Prisma.Sql {
  if (!isShared()) return Prisma.empty
  return Prisma.sql`, (
    SELECT split_part(name, ' ', 1) FROM "User" AS person JOIN "Email" AS email ON email."userId" = person.id
    WHERE email.id = dot.email AND mails = 1
  )`
}

/** In SQL: the median and the 95th percentile of a time, in whole ms. */
function percentiles(time: string): Prisma.Sql {
  return Prisma.sql`(SELECT array_agg(round(extract(epoch FROM time) * 1000)::int) FROM unnest(
    percentile_disc(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY ${Prisma.raw(time)})) AS time)`
}

const sumEmails = (statuses: EmailStatus[]): Prisma.Sql => Prisma.join(statuses.map(countEmails), ' + ')
