import { z } from 'zod'
import { env } from '../env'
import { type Erasure, isFinal, isSoftBounce, type Snapshot, type TimelineEntry } from '../status/status'
import { createReader } from './batch-reader'
import { readPool } from './read-pool'

const MAX_BATCH_SIZE = 500

/** Reads the public state of an email, or null if it does not exist. @throws when the database is unreachable. */
export async function readSnapshot(id: string): Promise<Snapshot | null> {
  return z.guid().safeParse(id).success ? await readShared(id.toLowerCase()) : null
}

// One statement, so that status and timeline are consistent. Webhooks arrive in any order: `at` is the time of the event.
const readShared = createReader(MAX_BATCH_SIZE, async (ids): Promise<(Snapshot | null)[]> => {
  const rows = await readPool().$queryRaw<EmailRow[]>`
    SELECT id, status::text, attempts, (
      SELECT json_agg(json_strip_nulls(json_build_object('status', status, 'at', to_char(at AT TIME ZONE 'UTC', ${ISO}),
        'attempt', attempt, 'reason', reason, 'retryAt', to_char("retryAt" AT TIME ZONE 'UTC', ${ISO}))) ORDER BY at, id)
      FROM "EmailEvent" WHERE "emailId" = "Email".id
    ) AS timeline, (SELECT erasure::text FROM "User" WHERE "User".id = "userId") AS erasure
    FROM "Email" WHERE id = ANY (${ids}::uuid[])`
  const found = new Map(rows.map((row) => [row.id, toSnapshot(row)]))
  return ids.map((id) => found.get(id) ?? null)
})

const ISO = 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'

type EmailRow = Pick<Snapshot, 'id' | 'status' | 'attempts'> & {
  timeline: TimelineEntry[] | null
  erasure: Erasure | null
}

const STAGES: (Erasure | undefined)[] = [undefined, 'requested', 'waiting']

function toSnapshot({ id, status, attempts, timeline, ...row }: EmailRow): Snapshot {
  const erasure = row.erasure ?? undefined
  const events = timeline ?? []
  const hasWebhooks = env('RESEND_WEBHOOK_SECRET') !== undefined
  return {
    id,
    status,
    attempts,
    version: events.length + STAGES.indexOf(erasure),
    final: !erasure && isFinal(status, hasWebhooks, events.some(isSoftBounce)),
    timeline: events,
    erasure,
  }
}
