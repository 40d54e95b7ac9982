/*
 * npm run test:million                                     1,000,000 emails with their history: ten minutes
 * npm run test:million -- --emails 100000 --drain 5000     smaller
 *
 * Does everything that the app does in its life, once beside 1,000 emails and once beside many, and prints what each
 * costs, with the ratio of the two. What is done must not make anything slower, so each ratio should be near 1. Exit
 * code 1: a mail was lost or sent twice.
 */
import { randomUUID } from 'node:crypto'
import { readArguments } from '../../lib/ops/arguments'
import { newAddress, readEvents, signUp } from '../app'
import { report } from '../faults/steps'
import { type Stack, startStack } from '../stack'
import { addEmails, addJobs } from './bench/backlog'
import { median, percentile, readCpuMs, time, waitAtMost } from './bench/measure'
import { format, printTable } from './bench/table'
import { readNumber } from './read-number'

const USAGE =
  'npm run test:million [-- --emails N] [--drain N] [--rate N] [--erase N] [--redrive N] [--times N]'
const { values } = readArguments(USAGE, {
  emails: { type: 'string', default: '1000000' },
  /** Mails that are drained, and the requests a second that the mail service allows meanwhile. */
  drain: { type: 'string', default: '50000' },
  rate: { type: 'string', default: '10' },
  erase: { type: 'string', default: '1000' },
  redrive: { type: 'string', default: '1000' },
  /** Signups, reports and looks of each kind. */
  times: { type: 'string', default: '100' },
})
const sizes = Object.fromEntries(
  Object.entries(values).map(([name, value]) => [name, readNumber(USAGE, `--${name}`, value)]),
) as Record<keyof typeof values, number>
const LITTLE = 1_000
/** Emails that one statement writes down. */
const CHUNK = 20_000
const PATIENCE_MS = 3_600_000

type Figures = Record<string, number>

/** As if that many people had signed up in the last 60 days, evenly, and all of it had gone well. */
async function fill(stack: Stack, from: number, to: number): Promise<void> {
  for (let start = from; start < to; start += CHUNK) {
    const end = Math.min(start + CHUNK, to)
    await stack.query(
      `CREATE TEMP TABLE person ON COMMIT DROP AS
         SELECT n, gen_random_uuid() AS "userId", gen_random_uuid() AS "emailId",
           now() - interval '60 days' * (1 - n / ${to}.0) AS at
         FROM generate_series(${start}, ${end - 1}) AS n;
       INSERT INTO "Session" (id, "createdAt", "usedAt") SELECT 'session-' || n, at, at FROM person;
       INSERT INTO "User" (id, name, email, "signupKey", "signupHash", "sessionId", "createdAt")
         SELECT "userId", 'Ada', 'ada' || n || '@example.com', gen_random_uuid(), 'hash', 'session-' || n, at FROM person;
       INSERT INTO "Email" (id, "userId", kind, status, attempts, "providerId", "createdAt", "updatedAt")
         SELECT "emailId", "userId", 'welcome', 'delivered', 1, 'mail-' || n, at, at FROM person;
       INSERT INTO "EmailEvent" ("emailId", status, attempt, at)
         SELECT "emailId", status, nullif(1, ord), at FROM person
         CROSS JOIN unnest('{queued,sending,sent,delivered}'::"EmailStatus"[]) WITH ORDINALITY AS event (status, ord)
         ORDER BY n, ord;
       INSERT INTO pgboss.job (name, data, state, completed_on, policy)
         SELECT 'send-email', jsonb_build_object('emailId', "emailId"), 'completed', at, 'standard' FROM person
         WHERE at > now() - interval '1 day'`,
    )
    process.stdout.write(`\r${end} emails`)
  }
  process.stdout.write('\n')
  // The work must not be measured beside what Postgres still has to write.
  await stack.query('VACUUM ANALYZE')
  await stack.query('CHECKPOINT')
  const readVacuums = (): Promise<object[]> =>
    stack.query(`SELECT FROM pg_stat_activity WHERE backend_type = 'autovacuum worker'`)
  await waitAtMost(PATIENCE_MS, async () => (await readVacuums()).length === 0)
}

/** Enqueues a job without data, as pg-boss's cron does, and waits until it is done. Returns the time in ms. */
async function runJob(stack: Stack, queue: string): Promise<number> {
  const id = randomUUID()
  await stack.query(`INSERT INTO pgboss.job (id, name, data, policy) VALUES ($1, $2, '{}', 'standard')`, [
    id,
    queue,
  ])
  const read = async (): Promise<number | undefined> => {
    const [job] = await stack.query<{ ms: number }>(
      `SELECT extract(epoch FROM completed_on - started_on)::float8 * 1000 AS ms FROM pgboss.job
       WHERE name = $1 AND id = $2 AND state = 'completed'`,
      [queue, id],
    )
    return job?.ms
  }
  await waitAtMost(PATIENCE_MS, async () => (await read()) !== undefined)
  return (await read()) ?? Number.NaN
}

async function repeat(times: number, act: () => Promise<unknown>): Promise<number[]> {
  const all: number[] = []
  for (let i = 0; i < times; i++) all.push(await time(act))
  return all
}

async function ask(stack: Stack, path: string): Promise<void> {
  const response = await fetch(stack.appUrl + path)
  if (response.status !== 200) throw new Error(`${path}: ${response.status}`)
  await response.arrayBuffer()
}

async function countWaiting(stack: Stack): Promise<number> {
  const [row] = await stack.query<{ count: number }>(
    `SELECT count(*)::int AS count FROM "Email" WHERE status IN ('queued', 'sending', 'retrying')`,
  )
  return row?.count ?? Number.NaN
}

/** Lets two workers send what waits, kills one of them in the middle, and starts another. */
async function drain(stack: Stack, count: number): Promise<Figures> {
  const ids = await addEmails(stack, count)
  await addJobs(stack, ids)
  await stack.setProvider({ rateLimit: sizes.rate })
  const workers = await Promise.all([stack.startWorker(), stack.startWorker()])
  const start = performance.now()
  await waitAtMost(PATIENCE_MS, async () => (await countWaiting(stack)) < count / 2)
  await workers[0]?.kill('SIGKILL')
  const third = await stack.startWorker()
  await waitAtMost(PATIENCE_MS, async () => (await countWaiting(stack)) === 0)
  const ms = performance.now() - start
  const cpuMs = [workers[1], third].reduce((sum, worker) => sum + readCpuMs(worker?.pid ?? 0), 0)
  const { emails } = await stack.setProvider({ rateLimit: 0 })
  const accepted = ids.map((id) => emails[id]?.accepted ?? 0)
  for (const worker of [workers[1], third]) await worker?.kill('SIGTERM')
  return {
    'drain, against the time of the limit': ms / (count / (sizes.rate * 100)) / 1000,
    'drain: worker CPU a mail, ms': cpuMs / count,
    'mails lost': accepted.filter((times) => times === 0).length,
    'mails sent twice': accepted.filter((times) => times > 1).length,
  }
}

/** Sends signed reports, sixteen at a time. */
async function sendReports(stack: Stack, times: number): Promise<Figures> {
  const emails = await stack.query<{ id: string }>(
    `SELECT id FROM "Email" WHERE status IN ('sent', 'delivered') ORDER BY "updatedAt" DESC LIMIT $1`,
    [times],
  )
  const ids = emails.map(({ id }) => id)
  const refused: number[] = []
  const send = async (): Promise<void> => {
    for (let id = ids.pop(); id; id = ids.pop()) {
      const { status } = await report(stack, 'email.complained', { tags: { email_id: id } })
      if (status !== 200) refused.push(status)
    }
  }
  const ms = await time(() => Promise.all(Array.from({ length: 16 }, send)))
  return { 'a report, sixteen at a time, ms': ms / emails.length, 'reports refused': refused.length }
}

/** From a report on a mail until its stream tells of it. */
async function watch(stack: Stack, times: number): Promise<number[]> {
  const latencies: number[] = []
  for (let i = 0; i < times; i++) {
    const [id = ''] = await addEmails(stack, 1)
    await stack.query(`UPDATE "Email" SET status = 'sent', "providerId" = id::text WHERE id = $1`, [id])
    let start = 0
    for await (const { data } of readEvents(`${stack.appUrl}/api/emails/${id}/events`)) {
      const { status } = data as { status?: string }
      if (status === 'delivered') break
      if (start || !status) continue
      start = performance.now()
      void report(stack, 'email.delivered', { tags: { email_id: id } })
    }
    latencies.push(performance.now() - start)
  }
  return latencies
}

/** Marks emails as given up, and has them redriven. */
async function redrive(stack: Stack, count: number): Promise<number> {
  await addEmails(stack, count)
  await stack.query(
    `WITH failed AS (UPDATE "Email" SET status = 'failed' WHERE status = 'queued' RETURNING id)
     INSERT INTO "EmailEvent" ("emailId", status, reason) SELECT id, 'failed', 'validation_error' FROM failed`,
  )
  return await time(async () => {
    const { code, output } = await stack.redrive()
    if (code !== 0) throw new Error(output)
  })
}

/** Forgets the counters of limits that have ended, while people sign up and are counted. */
async function forgetCounters(stack: Stack, count: number): Promise<Figures> {
  await stack.query(
    `INSERT INTO "RateLimit" (key, points, "expiresAt") SELECT 'key-' || n, 1, now() FROM generate_series(1, $1::int) AS n`,
    [count],
  )
  const web = await stack.startWeb({ env: { LIMIT_SIGNUPS_PER_MINUTE: '1000000' } })
  await signUp(newAddress(), web.url)
  const signups: number[] = []
  let isOver = false
  const cleaning = runJob(stack, 'clean-up').finally(() => {
    isOver = true
  })
  while (!isOver) signups.push(await time(() => signUp(newAddress(), web.url)))
  await web.kill('SIGTERM')
  return {
    'forgetting counters of limits, ms for 1,000': ((await cleaning) / count) * 1_000,
    'a signup meanwhile, 95th percentile ms': percentile(signups, 0.95),
    'counted in memory meanwhile': web.output().split('cannot use the database').length - 1,
  }
}

/** Has people erased who signed up long ago. */
async function erase(stack: Stack, count: number): Promise<number> {
  await stack.query(
    `WITH gone AS (
       UPDATE "User" SET erasure = 'requested' WHERE id IN (SELECT id FROM "User" ORDER BY "createdAt" LIMIT $1) RETURNING id
     ) INSERT INTO pgboss.job (name, data, policy) SELECT 'erase-user', jsonb_build_object('userId', id), 'standard' FROM gone`,
    [count],
  )
  const left = async (): Promise<number> =>
    (await stack.query('SELECT FROM "User" WHERE erasure IS NOT NULL')).length
  return await time(() => waitAtMost(PATIENCE_MS, async () => (await left()) === 0))
}

async function measure(stack: Stack, emails: number): Promise<Figures> {
  const { times } = sizes
  const figures: Figures = {}
  const note = (what: string, value: number): void => {
    figures[what] = value
    console.log(`  ${what}: ${format(value)}`)
  }
  const noteAll = (more: Figures): void => {
    for (const [what, value] of Object.entries(more)) note(what, value)
  }

  const [size] = await stack.query<{ bytes: string }>('SELECT pg_database_size(current_database()) AS bytes')
  note('the database, MB', Number(size?.bytes) / 1e6)
  const signUpOnce = (): Promise<unknown> => signUp(newAddress(), stack.appUrl)
  await repeat(10, signUpOnce)
  const signups = await repeat(times, signUpOnce)
  note('a signup, median ms', median(signups))
  note('a signup, 95th percentile ms', percentile(signups, 0.95))
  note('the health with all details, ms', median(await repeat(times, () => ask(stack, '/api/health'))))
  note('the backstage page, ms', median(await repeat(10, () => ask(stack, '/backstage'))))
  note('a report seen by its stream, ms', median(await watch(stack, Math.min(times, 50))))

  noteAll(await drain(stack, sizes.drain))
  noteAll(await sendReports(stack, Math.min(sizes.drain, 50 * times)))
  note(
    'an email redriven, ms (with the start of the command)',
    (await redrive(stack, sizes.redrive)) / sizes.redrive,
  )

  const worker = await stack.startWorker()
  await waitAtMost(PATIENCE_MS, async () => (await countWaiting(stack)) === 0)
  note('a sweep, ms', median(await repeatJob(stack, 'sweep')))
  const [old] = await stack.query<{ count: number }>(
    `SELECT count(*)::int AS count FROM "EmailEvent" WHERE at < now() - interval '30 days'`,
  )
  note(
    'forgetting the old, ms for 1,000 events',
    ((await runJob(stack, 'clean-up')) / (old?.count ?? 0)) * 1_000,
  )
  note('a clean-up with nothing to forget, ms', median(await repeatJob(stack, 'clean-up')))
  noteAll(await forgetCounters(stack, 1.5 * emails))
  const erased = Math.min(sizes.erase, LITTLE / 2)
  note('an erasure, ms', (await erase(stack, erased)) / erased)
  await worker.kill('SIGTERM')
  return figures
}

async function repeatJob(stack: Stack, queue: string): Promise<number[]> {
  const all: number[] = []
  for (let i = 0; i < 5; i++) all.push(await runJob(stack, queue))
  return all
}

const stack = await startStack('million')
let faults = 0
try {
  await stack.reset()
  await stack.setProvider({ latencyMs: 0, rateLimit: 0 })
  await fill(stack, 0, LITTLE)
  const little = await measure(stack, LITTLE)
  await fill(stack, LITTLE, sizes.emails)
  const much = await measure(stack, sizes.emails)
  faults = [little, much].reduce(
    (sum, figures) => sum + (figures['mails lost'] ?? 0) + (figures['mails sent twice'] ?? 0),
    0,
  )
  printTable([
    {
      title: 'THE SAME WORK, BESIDE WHAT IS DONE',
      columns: [`${LITTLE}`, `${sizes.emails}`, 'ratio'],
      rows: Object.keys(little).map((what) => {
        const [a = Number.NaN, b = Number.NaN] = [little[what], much[what]]
        return [what, format(a), format(b), a > 0 ? `× ${format(b / a)}` : '–']
      }),
    },
  ])
} finally {
  await stack.query('TRUNCATE "User", "Session", pgboss.job CASCADE')
  await stack.stop()
}
process.exit(faults === 0 ? 0 : 1)
