import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from '@playwright/test'
import { newAddress, postSignup, readStream } from '../app'
import { type Stack, waitFor } from '../stack'
import { test } from '../test'
import { type Viewer, watchEmail } from './audience'
import { countStatements } from './statements'

const TICKETS = 200
const VIEWERS_EACH = 10

test('two thousand streams: each hears of every change, and Postgres hardly notices them', {
  tag: '@long',
}, async ({ stack }) => {
  const gate = await countStatements(stack.databaseUrl)
  const web = await stack.startWeb({ env: { DATABASE_URL: gate.databaseUrl } })
  const ids = await createEmails(stack, TICKETS)
  const viewers: Viewer[] = []
  const everybodyHeard = (version: number) =>
    waitFor(() => viewers.every((viewer) => viewer.version >= version))
  const count = async (act: () => Promise<unknown>): Promise<number> => {
    const before = gate.count()
    await act()
    return gate.count() - before
  }

  await test.step('they open within a second or two, as after a restart', async () => {
    const statements = await count(async () => {
      for (let i = 0; i < VIEWERS_EACH; i++) {
        viewers.push(...ids.map((id) => watchEmail(web.url, id)))
        await sleep(100)
      }
      await everybodyHeard(1)
    })
    // Each stream has two questions: whether the email exists, and what has become of it.
    expect(statements).toBeLessThan(viewers.length / 2)
  })

  await test.step('nothing happens', async () => {
    // Two reads of the number of workers, and once in ten seconds a check that the database is still there.
    expect(await count(() => sleep(6_000))).toBeLessThan(10)
  })

  await test.step('a worker takes all of them, and a user signs up', async () => {
    const statements = await count(async () => {
      await move(stack, ids, 'sending')
      const written = performance.now()
      await everybodyHeard(2)
      const delays = viewers.map(({ heardAt }) => heardAt - written).sort((a, b) => a - b)
      console.log(`95 % of ${delays.length} streams knew after ${delays[delays.length * 0.95]?.toFixed()} ms`)
    })
    expect(statements).toBeLessThan(20)
    const signup = postSignup({ name: 'Ada', email: newAddress() }, {}, web.url)
    await move(stack, ids, 'retrying')
    const { status } = await signup
    expect(status).toBe(201)
    await everybodyHeard(3)
  })

  await test.step('an event happens while no connection listens', async () => {
    const statements = await count(async () => {
      await cutListeners(stack)
      await move(stack, ids, 'sending')
      await everybodyHeard(4)
    })
    expect(statements).toBeLessThan(20)
  })

  await test.step('the last news: all streams end', async () => {
    await move(stack, ids, 'delivered')
    await waitFor(() => viewers.every(({ over }) => over))
    expect(viewers.every(({ version }) => version === 5)).toBe(true)
  })
  gate.close()
})

test('a reader who takes nothing is let go, and the others go on', { tag: '@long' }, async ({ stack }) => {
  const [id = ''] = await createEmails(stack, 1)
  const tell = (times: number) =>
    stack.query(
      `INSERT INTO "EmailEvent" ("emailId", status) SELECT $1, 'sending' FROM generate_series(1, $2::int)`,
      [id, times],
    )
  await tell(10_000)
  const url = `${stack.appUrl}/api/emails/${id}/events`
  const [sleeper] = (await once(get(url), 'response')) as [IncomingMessage]
  const other = readStream(url)
  expect((await other.next()).value.version).toBe(10_001)
  // Half a megabyte each time: together more than the system keeps for both sides.
  for (let i = 0; i < 40; i++) {
    await tell(1)
    expect((await other.next()).value.version).toBe(10_002 + i)
  }
  // Otherwise it would go on for ever: this email never comes to an end.
  await once(sleeper.resume(), 'end')
  await tell(1)
  expect((await other.next()).value.version).toBe(10_042)
  await other.return(undefined)
})

/** Emails of people who have signed up, made by SQL. */
async function createEmails(stack: Stack, count: number): Promise<string[]> {
  const rows = await stack.query<{ id: string }>(
    `WITH ada AS (
       INSERT INTO "User" (name, email)
       SELECT 'Ada', gen_random_uuid() || '@example.com' FROM generate_series(1, $1::int) RETURNING id
     ), welcome AS (INSERT INTO "Email" ("userId", kind) SELECT id, 'welcome' FROM ada RETURNING id)
     INSERT INTO "EmailEvent" ("emailId", status) SELECT id, 'queued' FROM welcome RETURNING "emailId" AS id`,
    [count],
  )
  return rows.map(({ id }) => id)
}

/** Writes as a worker does: a hundred emails in a statement. */
async function move(stack: Stack, ids: string[], status: string): Promise<void> {
  for (let i = 0; i < ids.length; i += 100) {
    await stack.query(
      `WITH moved AS (UPDATE "Email" SET status = $2::"EmailStatus" WHERE id = ANY ($1::uuid[]) RETURNING id)
       INSERT INTO "EmailEvent" ("emailId", status) SELECT id, $2::"EmailStatus" FROM moved`,
      [ids.slice(i, i + 100), status],
    )
  }
}

/** Cuts the connections that listen, and waits until they are gone. */
async function cutListeners(stack: Stack): Promise<void> {
  const listeners = `FROM pg_stat_activity WHERE application_name = 'live status'`
  const before = await stack.query<{ pid: number }>(`SELECT pid, pg_terminate_backend(pid) ${listeners}`)
  const pids = before.map(({ pid }) => pid)
  await waitFor(
    async () => (await stack.query(`SELECT ${listeners} AND pid = ANY ($1)`, [pids])).length === 0,
  )
}
