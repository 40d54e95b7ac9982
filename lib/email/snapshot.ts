import { z } from 'zod'
import { env } from '../env'
import { createReader } from '../reader'
import { watching } from '../watching'
import { type EmailStatus, isFinal, type Snapshot, type TimelineEntry } from './status'

/** So many emails are read in one statement. */
const MOST_AT_ONCE = 500

/**
 * All that the public may know of an email, or null when there is no such email. Thousands may ask at once.
 * @param id the email's id; anything else than a UUID is no email
 * @throws when the database is unreachable.
 */
export async function readSnapshot(id: string): Promise<Snapshot | null> {
  return z.guid().safeParse(id).success ? await readShared(id.toLowerCase()) : null
}

const readShared = createReader(MOST_AT_ONCE, async (ids): Promise<(Snapshot | null)[]> => {
  // One statement, so that status and timeline are of the same moment.
  const rows = await watching().$queryRaw<EmailRow[]>`
    SELECT id, status::text, attempts, (
      SELECT json_agg(json_build_object('status', status, 'at', at, 'attempt', attempt, 'reason', reason, 'retryAt', "retryAt") ORDER BY id)
      FROM "EmailEvent" WHERE "emailId" = "Email".id
    ) AS events
    FROM "Email" WHERE id = ANY (${ids}::uuid[])`
  const found = new Map(rows.map((row) => [row.id, toSnapshot(row)]))
  return ids.map((id) => found.get(id) ?? null)
})

type EmailRow = { id: string; status: EmailStatus; attempts: number; events: EventRow[] | null }

type EventRow = {
  status: EmailStatus
  at: Date | string
  attempt?: number | null
  reason?: string | null
  retryAt?: Date | string | null
}

/** The public view of an email and its events, which stand in the order in which they were written. */
export function toSnapshot(email: EmailRow): Snapshot {
  const events = email.events ?? []
  return {
    id: email.id,
    status: email.status,
    attempts: email.attempts,
    version: events.length,
    final: isFinal(email.status, env('RESEND_WEBHOOK_SECRET') !== undefined),
    timeline: events.map(toEntry),
  }
}

function toEntry({ status, at, attempt, reason, retryAt }: EventRow): TimelineEntry {
  return {
    status,
    at: toIso(at),
    ...(attempt ? { attempt } : {}),
    ...(reason ? { reason } : {}),
    ...(retryAt ? { retryAt: toIso(retryAt) } : {}),
  }
}

// Postgres writes the offset of its time zone ("+00:00"), the public contract is UTC ("Z").
function toIso(time: Date | string): string {
  return new Date(time).toISOString()
}
