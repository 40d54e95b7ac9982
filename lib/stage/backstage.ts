import type { EmailStatus } from '../email/status'
import { inSandbox } from '../env'
import { WORKER_NAME } from '../health'
import { prisma } from '../prisma'
import { shareFor } from '../share'
import { readWeather, type Weather } from './weather'

/** All that the backstage shows, except the dots. */
export type Backstage = {
  /** Emails by what is done about them at the moment. */
  now: { waiting: number; working: number; retrying: number; failed: number }
  /** What the mail service has accepted: all of it, what came back, and how many in each of the last 60 full seconds. */
  sent: { total: number; bounced: number; perSecond: number[] }
  /** The live workers, as "process id@computer". */
  workers: string[]
  /** The emails to which something happened last. */
  latest: Job[]
  /** The emails that were given up last. */
  dead: Job[]
  /** Only the sandbox can make any. */
  weather: Weather | null
}

export type Job = {
  id: string
  status: EmailStatus
  attempts: number
  /** A code: see app/components/words.ts. */
  reason: string | null
}

/** An email on its way: the beginning of its id, and its status. */
export type Dot = [id: string, status: EmailStatus]

const LATEST = 10
const DEAD = 20
const DOTS = 2_000
/** So many of the last events are searched for what has changed between two looks, and for the latest jobs. */
const RECENT_EVENTS = 1_000

/**
 * Everything that is going on. Several may watch, so the answer may be 0.1 s old, and what was sent 0.5 s.
 * @throws when the database is unreachable.
 */
export const readBackstage = shareFor(100, async (): Promise<Backstage & { dots: Dot[] }> => {
  const [row, sent, weather] = await Promise.all([
    readNow(),
    readSent(),
    inSandbox() ? readWeather() : Promise.resolve(null),
  ])
  return { ...row, sent, weather }
})

// One statement, so that the numbers and the dots are of the same moment. Each part costs what is going on, not what
// has ever been: they go by the index on `status`, and backwards along the primary key of the events.
async function readNow(): Promise<Omit<Backstage, 'sent' | 'weather'> & { dots: Dot[] }> {
  const [row] = await prisma().$queryRaw<[Omit<Backstage, 'sent' | 'weather'> & { dots: Dot[] }]>`
    WITH recent AS MATERIALIZED (
      SELECT "emailId", max(id) AS event
      FROM (SELECT id, "emailId" FROM "EmailEvent" ORDER BY id DESC LIMIT ${RECENT_EVENTS}) AS event
      GROUP BY "emailId"
    ), counts AS (
      SELECT status, count(*)::int AS emails FROM "Email"
      WHERE status IN ('queued', 'sending', 'retrying', 'failed') GROUP BY status
    )
    SELECT
      (SELECT json_build_object(
        'waiting', coalesce(sum(emails) FILTER (WHERE status = 'queued'), 0),
        'working', coalesce(sum(emails) FILTER (WHERE status = 'sending'), 0),
        'retrying', coalesce(sum(emails) FILTER (WHERE status = 'retrying'), 0),
        'failed', coalesce(sum(emails) FILTER (WHERE status = 'failed'), 0)
      ) FROM counts) AS now,
      (SELECT coalesce(json_agg(DISTINCT substr(application_name, ${WORKER_NAME.length + 2}::int)), '[]')
        FROM pg_stat_activity
        WHERE datname = current_database() AND starts_with(application_name, ${WORKER_NAME})) AS workers,
      (SELECT coalesce(json_agg(json_build_object(
          'id', email.id, 'status', email.status, 'attempts', attempts,
          'reason', CASE email.status WHEN 'sending' THEN (
            SELECT reason FROM "EmailEvent" WHERE "emailId" = email.id AND status = 'retrying'
            ORDER BY id DESC LIMIT 1
          ) ELSE reason END
        ) ORDER BY event.id DESC), '[]')
        FROM (SELECT event FROM recent ORDER BY event DESC LIMIT ${LATEST}) AS newest
        JOIN "EmailEvent" AS event ON event.id = newest.event
        JOIN "Email" AS email ON email.id = event."emailId") AS latest,
      (SELECT coalesce(json_agg(json_build_object(
          'id', id, 'status', status, 'attempts', attempts,
          'reason', (SELECT reason FROM "EmailEvent" WHERE "emailId" = email.id ORDER BY id DESC LIMIT 1)
        ) ORDER BY "updatedAt" DESC), '[]')
        FROM (SELECT id, status, attempts, "updatedAt" FROM "Email" WHERE status = 'failed' ORDER BY "updatedAt" DESC LIMIT ${DEAD}) AS email) AS dead,
      (SELECT coalesce(json_agg(json_build_array(left(id::text, 8), status)), '[]') FROM (
        (SELECT id, status FROM "Email"
          WHERE status IN ('queued', 'sending', 'retrying', 'failed') LIMIT ${DOTS})
        UNION
        SELECT id, status FROM "Email" JOIN recent ON id = "emailId"
      ) AS dot) AS dots`
  return row
}

// Counting what was ever sent is the one thing here that grows with the years.
const readSent = shareFor(500, async (): Promise<Backstage['sent']> => {
  const [row] = await prisma().$queryRaw<[Backstage['sent']]>`
    WITH accepted AS (
      SELECT status, count(*)::int AS emails FROM "Email"
      WHERE status IN ('sent', 'delayed', 'delivered', 'bounced', 'suppressed', 'complained') GROUP BY status
    ), last_minute AS MATERIALIZED (
      SELECT (floor(extract(epoch FROM now())) - floor(extract(epoch FROM at)))::int AS age, count(*)::int AS mails
      FROM "EmailEvent"
      WHERE id > (SELECT max(id) - 30000 FROM "EmailEvent") AND status = 'sent' AND at > now() - interval '61 seconds'
      GROUP BY age
    )
    SELECT
      (SELECT coalesce(sum(emails), 0)::int FROM accepted) AS total,
      (SELECT coalesce(sum(emails), 0)::int FROM accepted
        WHERE status IN ('bounced', 'suppressed', 'complained')) AS bounced,
      (SELECT json_agg(coalesce(mails, 0) ORDER BY second DESC)
        FROM generate_series(1, 60) AS second LEFT JOIN last_minute ON age = second) AS "perSecond"`
  return row
})
