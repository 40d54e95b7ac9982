import { expect } from '@playwright/test'
import { PgBoss } from 'pg-boss'
import { newAddress, signUp } from '../app'
import { isOpenJob, untilSettled } from '../faults/oracle'
import { hurryHeartbeats, isFinal, makeDue, until } from '../faults/steps'
import { act, type Owner, signUpOwner, untilOrders } from '../owner'
import { type Stack, waitFor } from '../stack'
import { test } from '../test'

/** A worker that stops to rest after each chapter. */
const slowly = { EXPORT_PAUSE_MS: '300' }
/** A worker that does one chapter, and then nothing until it is killed. */
const forOneChapter = { EXPORT_PAUSE_MS: '600000' }

async function start(stack: Stack): Promise<Owner> {
  const ada = await signUpOwner(stack.appUrl)
  expect((await act(ada, 'POST', 'export')).status).toBe(202)
  return ada
}

const untilDone = (owner: Owner, chapters: number) =>
  untilOrders(owner, (orders) => (orders.export?.done ?? 0) >= chapters)

/** Lets the database write down which chapter is saved when. */
async function watchChapters(stack: Stack): Promise<() => Promise<string[]>> {
  await stack.query(
    `CREATE TABLE chapter (id bigserial, name text);
     CREATE FUNCTION log_chapter() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
       INSERT INTO chapter (name) SELECT key FROM jsonb_each(NEW.content) new WHERE OLD.content->key IS DISTINCT FROM value;
       RETURN NULL;
     END $$;
     CREATE TRIGGER log_chapter AFTER UPDATE ON "Export" FOR EACH ROW EXECUTE FUNCTION log_chapter()`,
  )
  return async () => {
    const rows = await stack.query<{ name: string }>('SELECT name FROM chapter ORDER BY id')
    await stack.query('DROP TRIGGER log_chapter ON "Export"; DROP FUNCTION log_chapter(); DROP TABLE chapter')
    return rows.map(({ name }) => name)
  }
}

const CHAPTERS = ['account', 'emails', 'timelines', 'invitations', 'exports']

async function readFile(owner: Owner): Promise<Record<string, unknown>> {
  const response = await act(owner, 'GET', 'export/file')
  expect(response.status).toBe(200)
  return await response.json()
}

test('a worker is killed in the middle: the next one does the missing chapters, and only those', {
  tag: '@long',
}, async ({ stack }) => {
  const readChapters = await watchChapters(stack)
  const first = await stack.startWorker(slowly)
  const ada = await start(stack)
  await untilDone(ada, 2)
  await first.kill('SIGKILL')
  await hurryHeartbeats(stack)
  await stack.startWorker()
  await untilOrders(ada, (orders) => orders.export?.status === 'ready')
  expect(await readChapters()).toEqual(CHAPTERS)
  expect(Object.keys(await readFile(ada))).toEqual(['askedFor', ...CHAPTERS])
})

test('SIGTERM in the middle: the worker leaves at once with 0, and the next one goes on', {
  tag: '@long',
}, async ({ stack }) => {
  const readChapters = await watchChapters(stack)
  const first = await stack.startWorker(forOneChapter)
  const ada = await start(stack)
  await untilDone(ada, 1)
  expect(await first.kill('SIGTERM')).toBe(0)
  await makeDue(stack)
  await stack.startWorker()
  await untilOrders(ada, (orders) => orders.export?.status === 'ready')
  expect(await readChapters()).toEqual(CHAPTERS)
})

test('asked for many times at once: one export', async ({ stack }) => {
  // Slow enough for all of them to meet.
  await stack.query(`CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
       PERFORM pg_sleep(0.3); RETURN NEW; END $$;
     CREATE TRIGGER dawdle BEFORE INSERT ON "Export" FOR EACH ROW EXECUTE FUNCTION dawdle()`)
  const ada = await signUpOwner(stack.appUrl)
  const answers = await Promise.all(Array.from({ length: 8 }, () => act(ada, 'POST', 'export')))
  await stack.query('DROP TRIGGER dawdle ON "Export"; DROP FUNCTION dawdle()')
  expect(answers.map(({ status }) => status)).toEqual(Array(8).fill(202))
  expect(await stack.query('SELECT FROM "Export"')).toHaveLength(1)
  expect(await stack.query(`SELECT FROM pgboss.job WHERE name = 'export-data'`)).toHaveLength(1)
})

test('a mail of a kind that only another version knows: the file has it, without its text', async ({
  stack,
}) => {
  const ada = await signUpOwner(stack.appUrl)
  await stack.query(`INSERT INTO "Email" ("userId", kind, status) VALUES ($1, 'tomorrow', 'delivered')`, [
    ada.userId,
  ])
  expect((await act(ada, 'POST', 'export')).status).toBe(202)
  await stack.startWorker()
  await untilOrders(ada, (orders) => orders.export?.status === 'ready')
  expect((await readFile(ada)).emails).toMatchObject([
    { kind: 'welcome', message: { text: expect.any(String) } },
    { kind: 'tomorrow', status: 'delivered', message: null },
  ])
})

test('canceled while it waits: no worker does anything', async ({ stack }) => {
  const ada = await start(stack)
  const response = await act(ada, 'DELETE', 'export')
  expect(response.status).toBe(200)
  expect(await response.json()).toMatchObject({ status: 'canceled', done: 0 })
  await stack.startWorker()
  await untilSettled(stack)
  expect(await stack.query('SELECT status, content FROM "Export"')).toEqual([
    { status: 'canceled', content: {} },
  ])
  expect((await act(ada, 'GET', 'export/file')).status).toBe(404)
})

test('canceled in the middle: it ends, nothing is kept, and one can start again', { tag: '@long' }, async ({
  stack,
}) => {
  await stack.startWorker({ EXPORT_PAUSE_MS: '2000' })
  const ada = await start(stack)
  await untilDone(ada, 2)
  expect((await act(ada, 'DELETE', 'export')).status).toBe(200)
  await untilSettled(stack)
  expect(await stack.query('SELECT status, content FROM "Export"')).toEqual([
    { status: 'canceled', content: {} },
  ])

  await act(ada, 'POST', 'export')
  await untilOrders(ada, (orders) => orders.export?.status === 'ready')
  await readFile(ada)
})

test('two workers with the same export: one file, and it expires once', { tag: '@long' }, async ({
  stack,
}) => {
  // The first one is frozen when the queue gives the job to the second, and wakes up when all is done.
  const zombie = await stack.startWorker(slowly)
  const ada = await start(stack)
  await untilDone(ada, 1)
  process.kill(zombie.pid, 'SIGSTOP')
  await hurryHeartbeats(stack)
  const second = await stack.startWorker()
  await untilOrders(ada, (orders) => orders.export?.status === 'ready')
  const file = await readFile(ada)
  await second.kill('SIGTERM')
  process.kill(zombie.pid, 'SIGCONT')
  // It goes on where it was, and when it has sent this mail, it has long tried to save the next chapter.
  const { id } = await signUp(newAddress(), stack.appUrl)
  await until(stack, id, isFinal)
  expect(await zombie.kill('SIGTERM')).toBe(0)
  expect(await readFile(ada)).toEqual(file)
  expect(await stack.query(`SELECT FROM pgboss.job WHERE name = 'expire-export'`)).toHaveLength(1)
})

test('a day later: the file is deleted, and the address says so', async ({ stack }) => {
  await stack.startWorker()
  const ada = await start(stack)
  await untilOrders(ada, (orders) => orders.export?.status === 'ready')
  const [job] = await stack.query<{ hours: number }>(
    `SELECT extract(epoch FROM start_after - now())::float8 / 3600 AS hours FROM pgboss.job WHERE name = 'expire-export'`,
  )
  expect(job?.hours).toBeCloseTo(24, 1)
  await stack.query(`UPDATE pgboss.job SET start_after = now() WHERE name = 'expire-export'`)
  await untilSettled(stack)
  expect(await stack.query('SELECT status, content FROM "Export"')).toEqual([
    { status: 'expired', content: {} },
  ])
  expect((await act(ada, 'GET', 'export/file')).status).toBe(410)
})

test('an export that fails every time is given up, and one can start again', { tag: '@long' }, async ({
  stack,
}) => {
  await stack.query(`CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
       RAISE EXCEPTION 'disk full'; END $$;
     CREATE TRIGGER refuse BEFORE UPDATE ON "Export" FOR EACH ROW
       WHEN (NEW.status = 'working') EXECUTE FUNCTION refuse()`)
  await stack.startWorker()
  const ada = await start(stack)
  await waitFor(async () => {
    await makeDue(stack)
    const [row] = await stack.query<{ status: string }>('SELECT status FROM "Export"')
    return row?.status === 'failed'
  })
  expect((await untilOrders(ada, () => true)).export).toMatchObject({ status: 'failed', done: 0 })
  const [job] = await stack.query(`SELECT retry_count FROM pgboss.job WHERE name = 'export-data'`)
  expect(job).toEqual({ retry_count: 5 })

  await stack.query('DROP TRIGGER refuse ON "Export"; DROP FUNCTION refuse()')
  await act(ada, 'POST', 'export')
  await untilOrders(ada, (orders) => orders.export?.status === 'ready')
})

test('poisoned jobs, and a user who was deleted: the next export is unharmed', { tag: '@long' }, async ({
  stack,
}) => {
  const gone = await start(stack)
  await stack.query('DELETE FROM "User" WHERE id = $1', [gone.userId])
  const boss = new PgBoss({ connectionString: stack.databaseUrl, supervise: false, schedule: false })
  await boss.start()
  for (const queue of ['export-data', 'expire-export', 'export-data-dead']) {
    await boss.send(queue, { exportId: 'x' })
    await boss.send(queue, null)
    await boss.send(queue, { exportId: gone.userId })
  }
  await boss.stop()
  await stack.startWorker()
  const ada = await start(stack)
  await untilOrders(ada, (orders) => orders.export?.status === 'ready')
  await waitFor(async () => {
    const open = await stack.query(`SELECT FROM pgboss.job WHERE ${isOpenJob} AND start_after < now()`)
    return open.length === 0
  })
})
