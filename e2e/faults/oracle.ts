import { type EmailStatus, isFinal, mayBecome, RANK } from '../../lib/email/status'
import { type Stack, waitFor } from '../stack'

type Row = {
  id: string
  status: EmailStatus
  events: EmailStatus[]
  changes: { before: EmailStatus; after: EmailStatus }[]
  openJobs: number
}

/** Lets the database itself write down every change of a status, for the oracle to judge. */
export async function watchStatuses(stack: Stack): Promise<void> {
  await stack.query(
    `CREATE TABLE status_change (
       id bigserial, "emailId" uuid REFERENCES "Email" ON DELETE CASCADE, before text, after text);
     CREATE INDEX ON status_change ("emailId");
     CREATE FUNCTION log_status_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
       INSERT INTO status_change ("emailId", before, after) VALUES (NEW.id, OLD.status, NEW.status);
       RETURN NULL;
     END $$;
     CREATE TRIGGER log_status_change AFTER UPDATE ON "Email" FOR EACH ROW
       WHEN (OLD.status <> NEW.status) EXECUTE FUNCTION log_status_change()`,
  )
}

/** Waits until every email is final and no job is left to do. */
export async function untilSettled(stack: Stack): Promise<void> {
  await waitFor(async () => {
    const [row] = await stack
      .query<{ statuses: EmailStatus[]; openJobs: number }>(
        `SELECT (SELECT array_agg(DISTINCT status::text) FROM "Email") AS statuses,
           (SELECT count(*)::int FROM pgboss.job WHERE state < 'completed') AS "openJobs"`,
      )
      .catch(() => [])
    return row?.openJobs === 0 && (row.statuses ?? []).every((status) => isFinal(status, true))
  })
}

/**
 * What is wrong in the end, as sentences; an empty list when all promises were kept.
 * @param accepted the ids of the emails of all signups that were answered 201: nothing else may exist
 */
export async function findFaults(stack: Stack, accepted: string[]): Promise<string[]> {
  const faults: string[] = []
  const emails = await readEmails(stack)
  const { emails: counts } = await stack.setProvider({})
  const [users] = await stack.query<{ count: number }>('SELECT count(*)::int FROM "User"')

  if (new Set(accepted).size !== accepted.length) faults.push('two signups were answered with one email')
  if (users?.count !== accepted.length) faults.push(`${users?.count} users, ${accepted.length} signups`)
  if (emails.length !== accepted.length) faults.push(`${emails.length} emails, ${accepted.length} signups`)
  const existing = new Set(emails.map(({ id }) => id))
  for (const id of accepted) if (!existing.has(id)) faults.push(`${id}: answered with 201, and lost`)

  for (const { id, status, events, changes, openJobs } of emails) {
    const mails = counts[id]?.accepted ?? 0
    const due = status === 'failed' ? 0 : 1
    if (mails !== due) faults.push(`${id}: ${status}, and ${mails} mails sent instead of ${due}`)
    if (!isFinal(status, true)) faults.push(`${id}: still ${status}`)
    if (openJobs > 0) faults.push(`${id}: ${status}, and ${openJobs} jobs left`)
    for (const { before, after } of changes) {
      const redriven = before === 'failed' && after === 'queued'
      if (RANK[after] < RANK[before] && !redriven) faults.push(`${id}: went from ${before} down to ${after}`)
    }
    const end = events.reduce((now, next) => (mayBecome(now, next) ? next : now))
    if (end !== status) faults.push(`${id}: is ${status}, but its events (${events.join(', ')}) say ${end}`)
  }
  return faults
}

function readEmails(stack: Stack): Promise<Row[]> {
  return stack.query<Row>(
    `WITH open AS (
       SELECT data->>'emailId' AS id, count(*)::int AS jobs FROM pgboss.job WHERE state < 'completed' GROUP BY 1
     )
     SELECT "Email".id, status, coalesce(open.jobs, 0) AS "openJobs",
       (SELECT array_agg(event.status::text ORDER BY event.id) FROM "EmailEvent" event
         WHERE "emailId" = "Email".id) AS events,
       (SELECT coalesce(json_agg(json_build_object('before', before, 'after', after) ORDER BY change.id), '[]')
         FROM status_change change WHERE "emailId" = "Email".id) AS changes
     FROM "Email" LEFT JOIN open ON open.id = "Email".id::text`,
  )
}
