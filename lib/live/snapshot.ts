import { z } from 'zod'
import { env } from '../env'
import { USERS } from '../sending/recipients'
import {
  type Erasure,
  isFinal,
  isSoftBounce,
  mayStillChange,
  type Snapshot,
  type TimelineEntry,
} from '../status/status'
import { createReader } from './batch-reader'
import { readPool } from './read-pool'

const ID = z.guid()
const MAX_BATCH_SIZE = 500
const LINGER = '1 minute'

export type Watched = {
  snapshot: Snapshot
  /** How long a late report may still come. */
  lingerMs: number
}

/** Reads the public state of an email, or null. */
export async function readSnapshot(id: string): Promise<Snapshot | null> {
  return (await readWatched(id))?.snapshot ?? null
}

/** Like `readSnapshot`, for a stream. */
export async function readWatched(id: string): Promise<Watched | null> {
  return ID.safeParse(id).success ? await readShared(id.toLowerCase()) : null
}

// One statement, so that status and timeline are consistent.
const readShared = createReader(MAX_BATCH_SIZE, async (ids): Promise<(Watched | null)[]> => {
  const rows = await readPool().$queryRaw<EmailRow[]>`
    SELECT id, status::text, attempts, (
      SELECT json_agg(json_strip_nulls(json_build_object('status', status, 'at', to_char(at AT TIME ZONE 'UTC', ${ISO}),
        'attempt', attempt, 'reason', reason, 'retryAt', to_char("retryAt" AT TIME ZONE 'UTC', ${ISO}))) ORDER BY at, id)
      FROM "EmailEvent" WHERE "emailId" = "Email".id
    ) AS timeline, (SELECT erasure::text FROM ${USERS} AS "user" WHERE "user".id = "userId") AS erasure,
      greatest(0, extract(epoch FROM "updatedAt" + ${LINGER}::interval - now()) * 1000)::int AS "lingerMs"
    FROM "Email" WHERE id = ANY (${ids}::uuid[])`
  const found = new Map(rows.map((row) => [row.id, toWatched(row)]))
  return ids.map((id) => found.get(id) ?? null)
})

const ISO = 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'

type EmailRow = Pick<Snapshot, 'id' | 'status' | 'attempts'> & {
  timeline: TimelineEntry[] | null
  erasure: Erasure | null
  lingerMs: number
}

const ERASURES: (Erasure | undefined)[] = [undefined, 'requested', 'waiting']

function toWatched(row: EmailRow): Watched {
  const snapshot = toSnapshot(row)
  if (!snapshot.final) return { snapshot, lingerMs: Number.POSITIVE_INFINITY }
  return { snapshot, lingerMs: mayStillChange(snapshot.status) ? row.lingerMs : 0 }
}

function toSnapshot({ id, status, attempts, timeline, ...row }: EmailRow): Snapshot {
  const erasure = row.erasure ?? undefined
  const events = timeline ?? []
  const hasWebhooks = env('RESEND_WEBHOOK_SECRET') !== undefined
  return {
    id,
    status,
    attempts,
    version: events.length + ERASURES.indexOf(erasure),
    final: !erasure && isFinal(status, hasWebhooks, events.some(isSoftBounce)),
    timeline: events,
    erasure,
  }
}
