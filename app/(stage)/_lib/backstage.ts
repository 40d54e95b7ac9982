import { MOST } from '@/lib/count'
import { prisma } from '@/lib/db/prisma'
import { shareFor } from '@/lib/db/share'
import type { EmailStatus } from '@/lib/email/status'
import { inSandbox } from '@/lib/env'
import { Prisma } from '@/lib/generated/prisma/client'
import { countEmails, type Pause, readPause, WORKER_NAME } from '@/lib/health'
import { readWeather, type Weather } from './weather'

/** All that the backstage shows, except the dots. In counts of emails, 10,000 means so many or more. */
export type Backstage = {
  /** Emails by what is done about them at the moment. */
  now: { waiting: number; working: number; retrying: number; failed: number }
  /** What the mail service has accepted: all of it, what came back, and how many in each of the last 60 full seconds. */
  sent: { total: number; bounced: number; perSecond: number[] }
  /** Why nothing goes out at the moment. */
  paused: Pause | null
  /** The live workers, as "process id@computer". */
  workers: string[]
  /** The emails to which something happened last. */
  latest: EmailRow[]
  /** The emails that were given up last. */
  dead: EmailRow[]
  /** Only the sandbox can make any. */
  weather: Weather | null
}

export type EmailRow = {
  id: string
  status: EmailStatus
  attempts: number
  /** A code: see app/components/ticket/words.ts. */
  reason: string | null
}

/** An email on its way: the beginning of its id, and its status. */
export type Dot = [id: string, status: EmailStatus]

const LATEST = 10
const DEAD = 20
const DOTS = 2_000
/** What has a dot, in the order in which dots are given out. */
const CURRENT: EmailStatus[] = ['sending', 'failed', 'retrying', 'queued']
/** So many of the last events are searched for what has changed between two looks, and for the latest jobs. */
const RECENT_EVENTS = 1_000

/**
 * Everything that is going on. Several may watch: one statement is under way at a time, and the answer may be 0.1 s
 * old, what was sent 0.5 s.
 * @throws when the database is unreachable.
 */
export const readBackstage = shareFor(100, async (): Promise<Backstage & { dots: Dot[] }> => {
  const [known, weather] = await Promise.all([readDatabase(), inSandbox() ? readWeather() : null])
  return { ...known, weather }
})

type Now = Pick<Backstage, 'now' | 'workers' | 'latest' | 'dead'> & { dots: Dot[] }

async function readDatabase(): Promise<Now & Pick<Backstage, 'sent' | 'paused'>> {
  return { ...(await readNow()), sent: await readSent(), paused: await readPause() }
}

// One statement, so that the numbers and the dots are of the same moment. No part costs more for a backlog, or for what
// has ever been: they go by the index on `status` and `updatedAt`, and backwards along the primary key of the events.
async function readNow(): Promise<Now> {
  const [row] = await prisma().$queryRaw<[Now]>`
    WITH recent AS MATERIALIZED (
      SELECT "emailId", max(id) AS event
      FROM (SELECT id, "emailId" FROM "EmailEvent" ORDER BY id DESC LIMIT ${RECENT_EVENTS}) AS event
      GROUP BY "emailId"
    )
    SELECT
      json_build_object(
        'waiting', ${countEmails('queued')},
        'working', ${countEmails('sending')},
        'retrying', ${countEmails('retrying')},
        'failed', ${countEmails('failed')}
      ) AS now,
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
        (SELECT email.* FROM unnest(${CURRENT}::"EmailStatus"[]) AS current
          CROSS JOIN LATERAL (
            SELECT id, status FROM "Email" WHERE status = current ORDER BY "updatedAt" LIMIT ${DOTS}
          ) AS email LIMIT ${DOTS})
        UNION
        SELECT id, status FROM "Email" JOIN recent ON id = "emailId"
      ) AS dot) AS dots`
  return row
}

const readSent = shareFor(500, async (): Promise<Backstage['sent']> => {
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
      least(bounced + ${sumEmails(['sent', 'delayed', 'delivered'])}, ${MOST}) AS total,
      least(bounced, ${MOST}) AS bounced,
      (SELECT json_agg(coalesce(mails, 0) ORDER BY second DESC)
        FROM generate_series(1, 60) AS second LEFT JOIN last_minute ON age = second) AS "perSecond"
    FROM back`
  return row
})

const sumEmails = (statuses: EmailStatus[]): Prisma.Sql => Prisma.join(statuses.map(countEmails), ' + ')
