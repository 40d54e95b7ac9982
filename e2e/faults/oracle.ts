import { type Stack, waitFor } from '../stack'

/* What is right and wrong is written down here once more, as the design has it, and not taken from the code. */
const RANKS: Record<string, number> = {
  ...{ queued: 0, sending: 1, retrying: 1, sent: 2, failed: 2, delayed: 3, delivered: 4 },
  ...{ bounced: 5, suppressed: 5, complained: 5, 'failed at Resend': 5 },
}
const FINAL = ['failed', 'delivered', 'bounced', 'suppressed', 'complained']

/** In SQL: no further news is expected. A delayed mail is over when it bounced, which has a reason. */
const isOver = `status::text = ANY ($1) OR status = 'delayed' AND EXISTS (SELECT FROM "EmailEvent" event
  WHERE event."emailId" = "Email".id AND event.status = 'delayed' AND reason IS NOT NULL)`

/**
 * In SQL: a job is to be done. pg-boss's own jobs start those of its schedule. They have no heartbeat: one that a killed worker
 * had in hand is "active" for a quarter of an hour, and the next minute has another one.
 */
export const isOpenJob = `state < 'completed' AND NOT starts_with(name, '__pgboss__')`

/** In SQL: distinguishes a failure that Resend reported from one that the worker gave up. */
const nameStatus = (status: string, isReported: string): string =>
  `CASE WHEN ${status} = 'failed' AND ${isReported} THEN 'failed at Resend' ELSE ${status}::text END`

/** All that the oracle needs to look into. */
type Books = Pick<Stack, 'query' | 'setProvider'>

type Row = {
  id: string
  status: string
  final: boolean
  attempts: number
  events: string[]
  changes: { before: string; after: string }[]
  inDoubt: boolean
  openJobs: number
}

/** Has the database itself record every change of a status, for the oracle to judge. */
export async function watchStatuses(stack: Books): Promise<void> {
  await stack.query(
    `CREATE TABLE status_change (
       id bigserial, "emailId" uuid REFERENCES "Email" ON DELETE CASCADE, before text, after text);
     CREATE INDEX ON status_change ("emailId");
     CREATE FUNCTION log_status_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
       INSERT INTO status_change ("emailId", before, after) VALUES (NEW.id,
         ${nameStatus('OLD.status', 'OLD."providerId" IS NOT NULL')},
         ${nameStatus('NEW.status', 'NEW."providerId" IS NOT NULL')});
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
        `SELECT (SELECT count(*) FROM "Email" WHERE NOT (${isOver}))::int
           + (SELECT count(*) FROM pgboss.job WHERE ${isOpenJob})::int AS open`,
        [FINAL],
      )
      .catch(() => [])
    return row?.open === 0
  })
}

/**
 * Returns the states that must never exist, as sentences: a user without a mail, an email without its first event, an
 * unsent email without a job of its own or of its batch, and a user to be erased without a job.
 */
export async function findHalves({ query }: Pick<Books, 'query'>): Promise<string[]> {
  const halves = await query<{ half: string }>(
    `WITH live AS (SELECT name, data FROM pgboss.job WHERE state IN ('created', 'retry', 'active'))
     SELECT format('user %s has no mail', id) AS half FROM "User"
       WHERE NOT EXISTS (SELECT FROM "Email" WHERE "userId" = "User".id)
     UNION ALL SELECT format('email %s has no event', id) FROM "Email"
       WHERE NOT EXISTS (SELECT FROM "EmailEvent" WHERE "emailId" = "Email".id)
     UNION ALL SELECT format('email %s is %s, and has no job and no live batch', "Email".id, status)
       FROM "Email" JOIN "User" ON "User".id = "userId"
       WHERE status IN ('queued', 'sending', 'retrying') AND erasure IS NULL AND NOT EXISTS (
         SELECT FROM live WHERE name IN ('send-email', 'send-ticket', 'send-email-alone', 'send-email-dead') AND data->>'emailId' = "Email".id::text
           OR name = 'retry-batch' AND data->>'batchId' = "batchId"::text)
     UNION ALL SELECT format('user %s is to be erased, and has no job', id) FROM "User"
       WHERE erasure IS NOT NULL AND NOT EXISTS (
         SELECT FROM live WHERE name = 'erase-user' AND data->>'userId' = "User".id::text)`,
  )
  return halves.map(({ half }) => half)
}

/**
 * Returns what is wrong in the end, as sentences, or an empty list when all promises were kept.
 * @param accepted the ids of the emails of all signups that were answered 201: nothing else may exist
 * @param userCount how many users have these emails, where some have more than one
 */
export async function findFaults(
  stack: Books,
  accepted: string[],
  userCount = accepted.length,
): Promise<string[]> {
  const faults = [...(await findHalves(stack)), ...(await judgeEmails(stack))]
  const [users] = await stack.query<{ count: number }>('SELECT count(*)::int FROM "User"')
  const emails = await stack.query<{ id: string }>('SELECT id FROM "Email"')
  const existing = new Set(emails.map(({ id }) => id))
  const [batches] = await stack.query<{ unfinished: number }>(
    `SELECT count(*)::int AS unfinished FROM "Batch"
     WHERE EXISTS (SELECT FROM "Email" WHERE "batchId" = "Batch".id AND status <> 'failed')`,
  )

  if (new Set(accepted).size !== accepted.length) faults.push('two signups were answered with one email')
  if (users?.count !== userCount) faults.push(`${users?.count} users, ${userCount} signups`)
  if (existing.size !== accepted.length) faults.push(`${existing.size} emails, ${accepted.length} signups`)
  if (batches?.unfinished !== 0) faults.push(`${batches?.unfinished} batches unfinished`)
  for (const id of accepted) if (!existing.has(id)) faults.push(`${id}: answered with 201, and lost`)
  return faults
}

/** Returns what is wrong with the emails, as sentences. Each must be final, with one mail, or with none if it was given up. */
export async function judgeEmails(stack: Books): Promise<string[]> {
  const faults: string[] = []
  const { emails: books } = await stack.setProvider({})
  for (const { id, status, final, attempts, events, changes, inDoubt, openJobs } of await readEmails(stack)) {
    const told = `${id}: is ${status} after ${events.join(', ')}`
    const rank = RANKS[status] ?? Number.NaN
    const mails = books[id]?.accepted ?? 0
    const due = status === 'failed' ? 0 : 1
    if (mails !== due) faults.push(`${told}, and ${mails} mails sent instead of ${due}`)
    if (!final) faults.push(`${told}, which is not the end`)
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
       SELECT data->>'emailId' AS id, count(*)::int AS jobs FROM pgboss.job WHERE ${isOpenJob} GROUP BY 1
     )
     SELECT "Email".id, ${nameStatus('status', '"providerId" IS NOT NULL')} AS status, ${isOver} AS final, attempts,
       "batchId" IS NOT NULL AS "inDoubt", coalesce(open.jobs, 0) AS "openJobs",
       (SELECT array_agg(${nameStatus('event.status', '"providerEventId" IS NOT NULL')} ORDER BY event.id)
         FROM "EmailEvent" event WHERE "emailId" = "Email".id) AS events,
       (SELECT coalesce(json_agg(json_build_object('before', before, 'after', after) ORDER BY change.id), '[]')
         FROM status_change change WHERE "emailId" = "Email".id) AS changes
     FROM "Email" LEFT JOIN open ON open.id = "Email".id::text`,
    [FINAL],
  )
}
