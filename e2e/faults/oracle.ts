import { type Stack, waitFor } from '../stack'

/* What is right and wrong is written down here once more, as the design has it, and not taken from the code. */
const RANKS: Record<string, number> = {
  ...{ queued: 0, sending: 1, retrying: 1, sent: 2, failed: 2, delayed: 3, delivered: 4 },
  ...{ bounced: 5, suppressed: 5, complained: 5 },
}
export const FINAL = ['failed', 'delivered', 'bounced', 'suppressed', 'complained']

/** All that the oracle needs to look into. */
type Books = Pick<Stack, 'query' | 'setProvider'>

type Row = {
  id: string
  status: string
  attempts: number
  events: string[]
  changes: { before: string; after: string }[]
  inDoubt: boolean
  openJobs: number
}

/** Lets the database itself write down every change of a status, for the oracle to judge. */
export async function watchStatuses(stack: Books): Promise<void> {
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
export async function untilSettled(stack: Books): Promise<void> {
  await waitFor(async () => {
    const [row] = await stack
      .query<{ open: number }>(
        `SELECT (SELECT count(*) FROM "Email" WHERE NOT status::text = ANY ($1))::int
           + (SELECT count(*) FROM pgboss.job WHERE state < 'completed')::int AS open`,
        [FINAL],
      )
      .catch(() => [])
    return row?.open === 0
  })
}

/**
 * What is wrong in the end, as sentences; an empty list when all promises were kept.
 * @param accepted the ids of the emails of all signups that were answered 201: nothing else may exist
 */
export async function findFaults(stack: Books, accepted: string[]): Promise<string[]> {
  const faults = await judgeEmails(stack)
  const [users] = await stack.query<{ count: number }>('SELECT count(*)::int FROM "User"')
  const emails = await stack.query<{ id: string }>('SELECT id FROM "Email"')
  const existing = new Set(emails.map(({ id }) => id))
  const [batches] = await stack.query<{ unfinished: number }>(
    `SELECT count(*)::int AS unfinished FROM "Batch"
     WHERE EXISTS (SELECT FROM "Email" WHERE "batchId" = "Batch".id AND status <> 'failed')`,
  )

  if (new Set(accepted).size !== accepted.length) faults.push('two signups were answered with one email')
  if (users?.count !== accepted.length) faults.push(`${users?.count} users, ${accepted.length} signups`)
  if (existing.size !== accepted.length) faults.push(`${existing.size} emails, ${accepted.length} signups`)
  if (batches?.unfinished !== 0) faults.push(`${batches?.unfinished} batches unfinished`)
  for (const id of accepted) if (!existing.has(id)) faults.push(`${id}: answered with 201, and lost`)
  return faults
}

/** What is wrong with the emails that there are, as sentences: each has come to its end, with one mail. */
export async function judgeEmails(stack: Books): Promise<string[]> {
  const faults: string[] = []
  const { emails: books } = await stack.setProvider({})
  for (const { id, status, attempts, events, changes, inDoubt, openJobs } of await readEmails(stack)) {
    const told = `${id}: is ${status} after ${events.join(', ')}`
    const rank = RANKS[status] ?? Number.NaN
    const mails = books[id]?.accepted ?? 0
    const due = status === 'failed' ? 0 : 1
    if (mails !== due) faults.push(`${told}, and ${mails} mails sent instead of ${due}`)
    if (!FINAL.includes(status)) faults.push(`${told}, which is not the end`)
    if (openJobs > 0) faults.push(`${told}, and ${openJobs} jobs left`)
    if (inDoubt && status !== 'failed') faults.push(`${told}, and still in a batch`)
    const sendings = events.filter((event) => event === 'sending').length
    if (attempts !== sendings) faults.push(`${told}, with ${attempts} attempts`)
    if (events.filter((event) => event === 'sent').length > 1) faults.push(`${told}, twice`)
    const life = events.slice(events.lastIndexOf('queued'))
    if (!life.includes(status)) faults.push(`${told}, for which there is no reason`)
    if (life.some((event) => (RANKS[event] ?? 0) > rank)) faults.push(`${told}, and should be more`)
    for (const { before, after } of changes) {
      const redriven = before === 'failed' && after === 'queued'
      if ((RANKS[after] ?? 0) < (RANKS[before] ?? 0) && !redriven)
        faults.push(`${told}: from ${before} to ${after}`)
    }
  }
  return faults
}

function readEmails(stack: Books): Promise<Row[]> {
  return stack.query<Row>(
    `WITH open AS (
       SELECT data->>'emailId' AS id, count(*)::int AS jobs FROM pgboss.job WHERE state < 'completed' GROUP BY 1
     )
     SELECT "Email".id, status, attempts, "batchId" IS NOT NULL AS "inDoubt", coalesce(open.jobs, 0) AS "openJobs",
       (SELECT array_agg(event.status::text ORDER BY event.id) FROM "EmailEvent" event
         WHERE "emailId" = "Email".id) AS events,
       (SELECT coalesce(json_agg(json_build_object('before', before, 'after', after) ORDER BY change.id), '[]')
         FROM status_change change WHERE "emailId" = "Email".id) AS changes
     FROM "Email" LEFT JOIN open ON open.id = "Email".id::text`,
  )
}
