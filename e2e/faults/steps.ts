import { createHmac, randomUUID } from 'node:crypto'
import { Client } from 'pg'
import { PgBoss } from 'pg-boss'
import { MAX_ATTEMPTS } from '../../lib/sending/outcome'
import type { Snapshot } from '../../lib/status/status'
import { askUntilTaken, newAddress, postSignupOnce, waitForSnapshot } from '../app'
import { type Stack, waitFor } from '../stack'

/** Signs up several people at the same moment. Returns the ids of their emails. */
export async function signUpMany(stack: Stack, count: number): Promise<string[]> {
  const signups = Array.from({ length: count }, () => signUpStubbornly(() => stack.appUrl))
  return (await Promise.all(signups)).map(({ id }) => id)
}

/** Writes down many signups at once, as the app would. Returns the ids of their emails. */
export async function writeMany(stack: Stack, count: number): Promise<string[]> {
  const emails = await stack.query<{ id: string }>(
    `WITH person AS (
       INSERT INTO "User" (name, email) SELECT 'Ada', gen_random_uuid() || '@example.com' FROM generate_series(1, $1)
       RETURNING id
     ), email AS (INSERT INTO "Email" ("userId", kind) SELECT id, 'welcome' FROM person RETURNING id
     ), event AS (INSERT INTO "EmailEvent" ("emailId", status) SELECT id, 'queued' FROM email)
     SELECT id FROM email`,
    [count],
  )
  const ids = emails.map(({ id }) => id)
  await queueMails(stack, ids)
  return ids
}

/** Puts a job for each of these emails into the queue. */
export async function queueMails(stack: Stack, ids: string[]): Promise<void> {
  const boss = new PgBoss({ connectionString: stack.databaseUrl, supervise: false, schedule: false })
  await boss.start()
  await boss.insert(
    'send-email',
    ids.map((emailId) => ({ data: { emailId }, priority: 1 })),
  )
  await boss.stop()
}

/** How many requests to send the mail service has heard. */
export async function countCalls(stack: Stack): Promise<number> {
  return (await stack.setProvider({})).calls
}

/** Follows an email on the stack's web server until a snapshot satisfies the condition. */
export function until(
  stack: Stack,
  id: string,
  satisfies: (snapshot: Snapshot) => boolean,
): Promise<Snapshot> {
  return waitForSnapshot(id, satisfies, stack.appUrl)
}

export const isFinal = ({ final }: Snapshot): boolean => final

/** How often the mail service was asked to send this mail, and how often it accepted one. */
export async function countSends(stack: Stack, id: string): Promise<{ calls: number; accepted: number }> {
  const { emails } = await stack.setProvider({})
  return emails[id] ?? { calls: 0, accepted: 0 }
}

/** Waits until the mail service has been asked `calls` times to send this mail. */
export async function untilAsked(stack: Stack, id: string, calls = 1): Promise<void> {
  await waitFor(async () => (await countSends(stack, id)).calls >= calls)
}

/**
 * Ends all waiting: the tests have less time than the mail has. An attempt under way keeps its time. A second one beside it
 * would change what its answer means.
 */
export async function makeDue(stack: Pick<Stack, 'query'>): Promise<void> {
  await updateJobs(
    stack,
    'start_after = now()',
    `state = 'retry' OR name = 'retry-batch' AND state = 'created'
       AND NOT EXISTS (SELECT FROM "Email" WHERE "batchId" = job.id AND status = 'sending')`,
  )
  await stack.query('UPDATE "Pace" SET "nextTurnAt" = now()')
}

/** Updates jobs beside workers. Never waits for the lock of a job while it has others: that would be a deadlock. */
export async function updateJobs(stack: Pick<Stack, 'query'>, change: string, which: string): Promise<void> {
  const locked = `SELECT id FROM pgboss.job WHERE ${which} FOR UPDATE SKIP LOCKED`
  await stack.query(
    `WITH locked AS MATERIALIZED (${locked}) UPDATE pgboss.job SET ${change} WHERE id IN (SELECT id FROM locked)`,
  )
}

/** Ends all waiting again and again while `act` runs: an attempt that is under way would bring more of it. */
export async function hurry<Result>(
  stack: Pick<Stack, 'query'>,
  act: () => Promise<Result>,
): Promise<Result> {
  await makeDue(stack)
  const timer = setInterval(() => void makeDue(stack).catch(() => {}), 1_000)
  try {
    return await act()
  } finally {
    clearInterval(timer)
  }
}

/** Waits until the condition holds, and ends all waiting of others again and again. */
export function untilHurried(stack: Stack, condition: () => Promise<boolean>): Promise<void> {
  return hurry(stack, () => waitFor(condition))
}

/** How many emails have one of these statuses. */
export async function countEmails(stack: Stack, ...statuses: string[]): Promise<number> {
  return (await stack.query('SELECT FROM "Email" WHERE status::text = ANY ($1)', [statuses])).length
}

/**
 * Makes the silence of a killed worker longer than it is: the queue takes ten seconds to believe in its death, and an
 * attempt to send is given 15.
 */
export async function hurryHeartbeats(stack: Stack): Promise<void> {
  await updateJobs(stack, `heartbeat_on = now() - interval '1 minute'`, `state = 'active'`)
  await updateJobs(stack, 'start_after = now()', `name = 'retry-batch' AND state = 'created'`)
}

/** Runs a sweep to its end, as pg-boss's cron does it every minute. */
export async function sweepNow(stack: Stack): Promise<void> {
  const [job] = await stack.query<{ id: string }>(
    `INSERT INTO pgboss.job (name, data, policy) VALUES ('sweep', '{}', 'standard') RETURNING id`,
  )
  await waitFor(async () => {
    const [row] = await stack.query<{ state: string }>('SELECT state FROM pgboss.job WHERE id = $1', [
      job?.id,
    ])
    return row?.state === 'completed'
  })
}

/** Creates a queue that is not in lib/queue.ts, with a job that was given up. */
export async function addOldQueue(stack: Stack): Promise<void> {
  const boss = new PgBoss({ connectionString: stack.databaseUrl, supervise: false, schedule: false })
  await boss.start()
  await boss.createQueue('old-queue')
  await boss.stop()
  await stack.query(
    `INSERT INTO pgboss.job (name, data, state, policy, completed_on)
     VALUES ('old-queue', jsonb_build_object('userId', gen_random_uuid()), 'failed', 'standard', now())`,
  )
}

/** Limits the attempts that are left to waiting retries. */
export async function limitAttempts(stack: Stack, attempts: number): Promise<void> {
  await stack.query(`UPDATE "Batch" SET "attemptsInDoubt" = $1`, [MAX_ATTEMPTS - attempts])
}

/** A lock that stops every statement that needs it. */
export type Gate = AsyncDisposable & {
  /** Waits until such a statement is blocked. */
  untilReached(statement: string): Promise<void>
  open(): Promise<void>
}

/** Takes a lock and keeps it. */
export async function closeGate(stack: Pick<Stack, 'databaseUrl' | 'query'>, lock: string): Promise<Gate> {
  const client = new Client({ connectionString: stack.databaseUrl })
  await client.connect()
  try {
    await client.query('BEGIN')
    await client.query(lock)
  } catch (error) {
    await client.end()
    throw error
  }
  let closed = true
  const open = async (): Promise<void> => {
    if (closed) await client.end()
    closed = false
  }
  const untilReached = (statement: string): Promise<void> =>
    waitFor(async () => {
      const waiting = await stack.query(
        `SELECT FROM pg_stat_activity
         WHERE wait_event_type = 'Lock' AND pid <> pg_backend_pid() AND strpos(query, $1) > 0`,
        [statement],
      )
      return waiting.length > 0
    })
  return { untilReached, open, [Symbol.asyncDispose]: open }
}

/** The reports of the mail service cannot be stored until the returned function is called. */
export async function holdReports(stack: Stack): Promise<() => Promise<void>> {
  await stack.query(
    `CREATE FUNCTION refuse_report() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
       RAISE EXCEPTION 'not now';
     END $$;
     CREATE TRIGGER refuse_report BEFORE INSERT ON "EmailEvent" FOR EACH ROW
       WHEN (NEW."providerEventId" IS NOT NULL) EXECUTE FUNCTION refuse_report()`,
  )
  return async () => {
    await stack.query(`DROP TRIGGER refuse_report ON "EmailEvent"; DROP FUNCTION refuse_report()`)
  }
}

/**
 * Signs up like our form: asks again with the same Idempotency-Key until there is an answer.
 * @param pickUrl says which web server to ask next
 * @returns the id of the email, and how often it had to ask
 */
export async function signUpStubbornly(
  pickUrl: () => string,
  email = newAddress(),
): Promise<{ id: string; asked: number }> {
  const body = { name: 'Ada', email }
  const headers = { 'idempotency-key': randomUUID() }
  for (let asked = 1; ; asked++) {
    const response = await postSignupOnce(body, headers, pickUrl()).catch(() => undefined)
    if (response?.status === 201) {
      // The server can die between the head and the body of its answer.
      const answer = await response.json().catch(() => undefined)
      if (answer) return { id: answer.welcomeEmail.id, asked }
    } else if (response && response.status !== 503) {
      throw new Error(`${response.status} ${await response.text()}`)
    }
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

type Letter = { id?: string; at?: number; secret?: string }

/** The headers that Svix, and so Resend, signs a webhook with. https://docs.svix.com/receiving/verifying-payloads/how-manual */
export function sign(
  body: string,
  { id = `msg_${randomUUID()}`, at = Date.now(), secret = '' }: Letter,
): Record<string, string> {
  const timestamp = String(Math.floor(at / 1000))
  const key = Buffer.from(secret.replace('whsec_', ''), 'base64')
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')
  return { 'svix-id': id, 'svix-timestamp': timestamp, 'svix-signature': `v1,${signature}` }
}

/** Posts a body to the webhook of the stack, or of another of its web servers, again while that one sheds load. */
export function postWebhook(
  stack: Stack,
  body: string,
  headers: Record<string, string>,
  url = stack.appUrl,
): Promise<Response> {
  return askUntilTaken(() => fetch(`${url}/api/webhooks/resend`, { method: 'POST', body, headers }))
}

/** Reports something about a mail, properly signed. */
export function report(
  stack: Stack,
  type: string,
  data: Record<string, unknown>,
  letter: Letter = {},
  url?: string,
): Promise<Response> {
  const body = JSON.stringify({ type, created_at: new Date().toISOString(), data })
  return postWebhook(stack, body, sign(body, { secret: stack.env.RESEND_WEBHOOK_SECRET, ...letter }), url)
}
