import { randomUUID } from 'node:crypto'
import { expect } from '@playwright/test'
import { PgBoss } from 'pg-boss'
import { newAddress, readEvents, signUp } from '../app'
import { act, signUpOwner, untilOrders } from '../owner'
import { type Stack, waitFor } from '../stack'
import { test } from '../test'
import { untilSettled } from './oracle'
import { watchPlans } from './plans'
import { isFinal, report, signUpMany, until } from './steps'

/** Rows in each table that grows with what is done. */
const DONE = 50_000

/** The most rows that a scan may read. Each number that people see ends at 10,000, and some read the last 30,000 events. */
const MOST_BY_INDEX = 40_000
const MOST_IN_SEQUENCE = 1_000

/** Tables that hold only work under way, or that have few rows for ever. */
const SMALL = ['Batch', 'CleanUp', 'Pace', 'Sweep', '_prisma_migrations']

/** Fills the tables as if that many people had signed up two months ago, and all had gone well. */
async function fill(stack: Stack): Promise<void> {
  const series = `generate_series(1, ${DONE}) AS n`
  await stack.query(
    `INSERT INTO "Session" (id) SELECT 'session-' || n FROM ${series};
     INSERT INTO "User" (name, email, "signupKey", "signupHash", "sessionId", "createdAt")
       SELECT 'Ada', 'ada' || n || '@example.com', gen_random_uuid(), 'hash', 'session-' || n, now() - interval '60 days' FROM ${series};
     INSERT INTO "Email" ("userId", kind, status, attempts, "providerId", "createdAt", "updatedAt")
       SELECT id, 'welcome', 'delivered', 1, 'mail-' || id, "createdAt", "createdAt" FROM "User";
     INSERT INTO "EmailEvent" ("emailId", status, at)
       SELECT id, unnest('{queued,delivered}'::"EmailStatus"[]), "createdAt" FROM "Email";
     INSERT INTO "Export" ("userId", status, "createdAt") SELECT id, 'expired', now() - interval '10 days' FROM "User"; -- orders
     INSERT INTO "SpentKey" SELECT gen_random_uuid(), 'hash', now() + interval '1 day' FROM ${series};
     INSERT INTO "SuppressedMailbox" SELECT 'mailbox-' || n, now() + interval '1 day' FROM ${series};
     INSERT INTO "RateLimit" SELECT 'key-' || n, 1, now() + interval '1 day' FROM ${series};
     INSERT INTO pgboss.job (name, data, state, completed_on, policy)
       SELECT 'send-email', jsonb_build_object('emailId', id), 'completed', now(), 'standard' FROM "Email"`,
  )
}

async function forget(stack: Stack): Promise<void> {
  await stack.query(
    'TRUNCATE "User", "Session", "SpentKey", "SuppressedMailbox", "RateLimit", pgboss.job CASCADE',
  )
}

async function listGrown(stack: Stack): Promise<{ grown: string[]; other: string[] }> {
  const tables = await stack.query<{ name: string; isGrown: boolean }>(
    `SELECT relname AS name, reltuples >= ${DONE / 2} AS "isGrown" FROM pg_class
     WHERE relkind = 'r' AND (relnamespace = 'public'::regnamespace OR relname = 'job_common')
       AND relname <> 'status_change'`,
  )
  const pick = (isGrown: boolean): string[] =>
    tables.filter((table) => table.isGrown === isGrown).map(({ name }) => name)
  return { grown: pick(true), other: pick(false) }
}

/** Runs a job of each queue, about old rows. */
async function runAllQueues(stack: Stack): Promise<void> {
  const data: Record<string, string> = { batchId: randomUUID() }
  const [row] = await stack.query<{ emailId: string; userId: string }>(
    `SELECT id AS "emailId", "userId" FROM "Email" LIMIT 1`,
  )
  Object.assign(data, row)
  // orders
  {
    const sql = 'SELECT id AS "exportId" FROM "Export" WHERE "userId" = $1'
    Object.assign(data, (await stack.query(sql, [row?.userId]))[0])
  }
  const boss = new PgBoss({
    connectionString: stack.databaseUrl,
    supervise: false,
    schedule: false,
    application_name: 'e2e',
  })
  await boss.start()
  const queues = (await boss.getQueues()).filter(({ name }) => !name.startsWith('__pgboss__'))
  expect(queues.length).toBeGreaterThan(8)
  const jobs = await Promise.all(queues.map(async ({ name }) => ({ name, id: await boss.send(name, data) })))
  for (const { name, id } of jobs)
    await waitFor(async () => {
      const [job] = await boss.findJobs(name, { id: id ?? '' })
      return !job || ['completed', 'failed'].includes(job.state)
    })
  await boss.stop()
}

test('whatever runs in the background reads what there is to do, and nothing that is done', {
  tag: '@long',
}, async ({ stack }) => {
  test.setTimeout(600_000)
  await fill(stack)
  try {
    const failing = await failSome(stack)
    // Rows that are due for the first time are read once, before the measurement.
    const first = await stack.startWorker()
    await runAllQueues(stack)
    await first.kill('SIGTERM')
    await stack.query('VACUUM ANALYZE')
    const { grown, other } = await listGrown(stack)
    expect(other.sort()).toEqual(SMALL)

    const endWatch = await watchPlans(stack)
    const limits = {
      LIMIT_SIGNUPS_PER_VISITOR: '1000',
      LIMIT_SIGNUPS_PER_MINUTE: '1000',
      LIMIT_MAILS_PER_HOUR: '1000',
    }
    const web = await stack.startWeb({ env: limits })
    // 1. Commands, while mail waits.
    const waiting = await signUpMany(stack, 3)
    for (const [name, ...args] of [
      ['doctor'],
      ['queues'],
      ['waiting'],
      ['waiting', 'render', 'all'],
      ['pace', 'pause'],
      ['pace', 'resume'],
      ['waiting', 'drop', 'all'],
      ['redrive', failing],
      ['redrive', '--reason', 'dropped_by_operator'],
      ['redrive'],
      ['erase', 'ada1@example.com'],
    ] as const)
      await stack.command(name, ...args)
    // 2. A whole life, with a report and an erasure.
    await stack.startWorker({ LIMIT_MAILS_PER_HOUR: '1000' })
    const owner = await signUpOwner(web.url)
    for (const id of [owner.id, ...waiting]) await until(stack, id, isFinal)
    expect((await report(stack, 'email.complained', { tags: { email_id: owner.id } })).status).toBe(200)
    await act(owner, 'POST', 'export') // orders
    await untilOrders(owner, (orders) => orders.export?.status === 'ready') // orders
    await act(owner, 'POST', 'erasure')
    await runAllQueues(stack)
    await untilSettled(stack)
    // 3. The views of the operator.
    expect((await fetch(`${web.url}/api/health`)).status).toBe(200)
    for await (const _ of readEvents(`${web.url}/api/backstage/events`)) break // stage
    // stage
    for (const path of ['/inbox', '/backstage']) expect((await fetch(web.url + path)).status).toBe(200)
    // stage
    await fetch(`${web.url}/api/backstage/redrive`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ id: 'all' }),
    })

    const scans = await endWatch()
    for (const table of ['Email', 'EmailEvent', 'User', 'Session', 'job_common'])
      expect(scans.map((scan) => scan.table)).toContain(table)
    const greedy = scans.filter(
      ({ table, isSequential, rows, sql }) =>
        // pg-boss's own upkeep: it walks a queue in batches for its retention, and counts for its statistics.
        !sql.includes('SET LOCAL idle_in_transaction_session_timeout') &&
        grown.includes(table) &&
        rows > (isSequential ? MOST_IN_SEQUENCE : MOST_BY_INDEX),
    )
    expect([...new Set(greedy.map(({ table, rows, sql }) => `${table}, ${rows} rows: ${sql}`))]).toEqual([])
  } finally {
    await forget(stack)
  }
})

/** Signs up a user whose mail fails. */
async function failSome(stack: Stack): Promise<string> {
  await stack.setProvider({ mode: 'invalid' })
  const worker = await stack.startWorker()
  const { id } = await signUp(newAddress(), stack.appUrl)
  await until(stack, id, isFinal)
  await worker.kill('SIGTERM')
  await stack.setProvider({ mode: 'ok' })
  return id
}
