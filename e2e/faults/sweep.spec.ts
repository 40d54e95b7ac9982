import { randomUUID } from 'node:crypto'
import { expect } from '@playwright/test'
import { newAddress, postSignup } from '../app'
import { act, type Owner, signUpOwner } from '../owner'
import { type Process, type Stack, type Web, waitFor } from '../stack'
import { findFaults, untilSettled } from './oracle'
import { countSends, isFinal, signUpMany, until } from './steps'
import { test } from './test'

const OPERATOR_TOKEN = 'an operator’s token'.padEnd(20, '!').replace('’', '')

const startWeb = (stack: Stack): Promise<Web> => stack.startWeb({ env: { OPERATOR_TOKEN } })

type Health = { stranded: number; mended: number }

async function readHealth(web: Web): Promise<Health> {
  const headers = { authorization: `Bearer ${OPERATOR_TOKEN}` }
  return await (await fetch(`${web.url}/api/health`, { headers })).json()
}

/** Nobody has to wait for a minute to pass. */
async function makeOld(stack: Stack): Promise<void> {
  await stack.query(
    `UPDATE "User" SET "createdAt" = "createdAt" - interval '2 minutes';
     UPDATE "Email" SET "updatedAt" = "updatedAt" - interval '2 minutes';
     UPDATE "Export" SET "createdAt" = "createdAt" - interval '2 minutes'`,
  )
}

const countMended = (worker: Process): number =>
  worker.output().match(/A stranded \w+ was mended/g)?.length ?? 0

/** A batch whose worker has died. */
async function leaveBatch(stack: Stack): Promise<void> {
  await stack.setProvider({ mode: 'hang' })
  const worker = await stack.startWorker()
  await waitFor(async () => (await stack.query(`SELECT FROM "Batch"`)).length > 0)
  await worker.kill('SIGKILL')
  await stack.setProvider({ mode: 'ok' })
}

type Loss = {
  /** Brings rows of the kind about. */
  prepare?: (stack: Stack, owner: Owner) => Promise<unknown>
  /** In SQL, what makes them lack something. */
  lose: string
  /** What becomes of it. */
  expectEnd: (stack: Stack, owner: Owner) => Promise<unknown>
}

const expectOneMail = async (stack: Stack, { id }: Owner): Promise<void> => {
  expect((await until(stack, id, isFinal)).status).toBe('delivered')
  expect((await countSends(stack, id)).accepted).toBe(1)
}

const untilExport = (stack: Stack, status: string): Promise<void> =>
  waitFor(
    async () => (await stack.query('SELECT FROM "Export" WHERE status::text = $1', [status])).length === 1,
  )

const LOSSES: Record<string, Loss> = {
  'an email without its job': { lose: 'DELETE FROM pgboss.job', expectEnd: expectOneMail },
  'an email without its first event and its job': {
    lose: 'DELETE FROM pgboss.job; DELETE FROM "EmailEvent"',
    expectEnd: expectOneMail,
  },
  'a batch without the job that sends it again': {
    prepare: leaveBatch,
    lose: `DELETE FROM pgboss.job WHERE name = 'retry-batch'`,
    expectEnd: expectOneMail,
  },
  'a user without a mail': {
    lose: 'DELETE FROM "Email"; DELETE FROM pgboss.job',
    async expectEnd(stack, { userId }) {
      let id = ''
      await waitFor(async () => {
        const [mail] = await stack.query<{ id: string }>(`SELECT id FROM "Email" WHERE "userId" = $1`, [
          userId,
        ])
        id = mail?.id ?? ''
        return id !== ''
      })
      expect((await until(stack, id, isFinal)).status).toBe('delivered')
    },
  },
  'an erasure without its job': {
    prepare: (_, owner) => act(owner, 'POST', 'erasure'),
    lose: `DELETE FROM pgboss.job WHERE name = 'erase-user'`,
    expectEnd: (stack) => waitFor(async () => (await stack.query('SELECT FROM "User"')).length === 0),
  },
  'an export without its job': {
    prepare: (_, owner) => act(owner, 'POST', 'export'),
    lose: `DELETE FROM pgboss.job WHERE name = 'export-data'`,
    expectEnd: (stack) => untilExport(stack, 'ready'),
  },
  'a file without the job that deletes it': {
    async prepare(stack, owner) {
      await act(owner, 'POST', 'export')
      const worker = await stack.startWorker()
      await untilExport(stack, 'ready')
      await until(stack, owner.id, isFinal)
      await worker.kill('SIGKILL')
    },
    lose: `UPDATE "Export" SET "expiresAt" = now(); DELETE FROM pgboss.job`,
    expectEnd: (stack) => untilExport(stack, 'expired'),
  },
  'a mail that was being sent, in a batch that is lost': {
    prepare: leaveBatch,
    lose: `DELETE FROM pgboss.job; DELETE FROM "Batch"`,
    async expectEnd(stack, { id }) {
      // With the batch its key is lost, so nobody but a person may send it again.
      const { status, timeline } = await until(stack, id, isFinal)
      expect([status, timeline.at(-1)?.reason]).toEqual(['failed', 'outcome_unknown'])
      expect((await stack.redrive(id)).output).toContain('might be sent twice')
    },
  },
}

test('each kind of half is stranded after a minute, in health and backstage, and a worker mends it within the next', async ({
  stack,
}) => {
  test.setTimeout(240_000)
  const web = await startWeb(stack)
  for (const [what, { prepare, lose, expectEnd }] of Object.entries(LOSSES)) {
    await test.step(what, async () => {
      const owner = await signUpOwner(stack.appUrl)
      await prepare?.(stack, owner)
      await stack.query(lose)
      const { mended } = await readHealth(web)
      await makeOld(stack)
      await waitFor(async () => (await readHealth(web)).stranded === 1)
      const worker = await stack.startWorker()
      await sweepNow(stack)
      await expectEnd(stack, owner)
      await waitFor(() => countMended(worker) > 0)
      // Never twice, however often it looks.
      await makeOld(stack)
      await sweepNow(stack)
      await sweepNow(stack)
      expect(countMended(worker), worker.output()).toBe(1)
      await waitFor(async () => (await readHealth(web)).stranded === 0)
      expect((await readHealth(web)).mended).toBe(mended + 1)
      await worker.kill('SIGTERM')
      for (const table of ['"User"', 'pgboss.job', '"Batch"']) await stack.query(`DELETE FROM ${table}`)
    })
  }
})

/** Runs a sweep to its end, as pg-boss's cron does it every minute. */
async function sweepNow(stack: Stack): Promise<void> {
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

test('pg-boss’s cron sweeps every minute, in whatever worker: a half needs no hand', async ({ stack }) => {
  test.setTimeout(240_000)
  await Promise.all([stack.startWorker(), stack.startWorker()])
  const [id = ''] = await signUpMany(stack, 1)
  await until(stack, id, isFinal)
  expect(await stack.query(`SELECT cron FROM pgboss.schedule WHERE name = 'sweep'`)).toEqual([
    { cron: '* * * * *' },
  ])
  await stack.query(`
    WITH person AS (
      INSERT INTO "User" (name, email, "signupKey", "createdAt")
      VALUES ('Ada', '${newAddress()}', '${randomUUID()}', now() - interval '3 hours') RETURNING id
    ) INSERT INTO "Email" ("userId", kind, "updatedAt") SELECT id, 'welcome', now() - interval '3 hours' FROM person`)
  await waitFor(
    async () => (await stack.query(`SELECT FROM "Email" WHERE status = 'delivered'`)).length === 2,
  )
})

test('what has its job is left alone, and what cannot be mended keeps nobody waiting', async ({ stack }) => {
  const web = await startWeb(stack)
  await stack.setProvider({ mode: 'outage' })
  const worker = await stack.startWorker()
  // Some are in a batch that is tried again, some wait for their turn, some wait for an hour.
  const ids = await signUpMany(stack, 5)
  await waitFor(async () => (await stack.query(`SELECT FROM "Email" WHERE status = 'retrying'`)).length > 0)
  ids.push(...(await signUpMany(stack, 5)))
  await makeOld(stack)
  const jobs = (): Promise<unknown[]> =>
    stack.query(
      `SELECT id FROM pgboss.job WHERE name IN ('send-email', 'retry-batch') AND state < 'completed' ORDER BY id`,
    )
  await sweepNow(stack)
  expect((await readHealth(web)).stranded).toBe(0)
  expect(countMended(worker)).toBe(0)

  // Two that lack their jobs; one of them cannot get one.
  await worker.kill('SIGKILL')
  const [first, second] = ids.slice(-2)
  await stack.query(`DELETE FROM pgboss.job WHERE data->>'emailId' IN ($1, $2)`, [first, second])
  await stack.query(`DELETE FROM "EmailEvent" WHERE "emailId" = $1`, [first])
  await stack.query(
    `UPDATE "Email" SET status = 'queued', "batchId" = NULL WHERE id IN ('${first}', '${second}');
     CREATE FUNCTION refuse_event() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'not now'; END $$;
     CREATE TRIGGER refuse_event BEFORE INSERT ON "EmailEvent" FOR EACH ROW
       WHEN (NEW."emailId" = '${first}') EXECUTE FUNCTION refuse_event()`,
  )
  await stack.setProvider({ mode: 'ok' })
  const next = await stack.startWorker()
  await sweepNow(stack)
  await until(stack, second ?? '', isFinal)
  expect(next.output()).toContain('A stranded email could not be mended')
  await stack.query(`DROP TRIGGER refuse_event ON "EmailEvent"; DROP FUNCTION refuse_event()`)
  await makeOld(stack)
  await sweepNow(stack)
  await until(stack, first ?? '', isFinal)
  expect(await jobs()).toBeDefined()
  await untilHurried(stack)
  expect(await findFaults(stack, ids)).toEqual([])
})

async function untilHurried(stack: Stack): Promise<void> {
  const hurry = setInterval(
    () =>
      void stack
        .query(
          `UPDATE pgboss.job SET start_after = now() WHERE state < 'active'; UPDATE "Pace" SET "nextTurnAt" = now()`,
        )
        .catch(() => {}),
    500,
  )
  await untilSettled(stack).finally(() => clearInterval(hurry))
}

test('a backlog of 20,000 that nobody has analyzed: stranded is counted within a second', async ({
  stack,
}) => {
  const web = await startWeb(stack)
  await stack.query(`
    WITH person AS (
      INSERT INTO "User" (name, email, "signupHash", "createdAt")
      SELECT 'Ada', gen_random_uuid() || '@example.com', 'x', now() - interval '5 minutes' FROM generate_series(1, 20000)
      RETURNING id
    ), mail AS (
      INSERT INTO "Email" ("userId", kind, "updatedAt") SELECT id, 'welcome', now() - interval '5 minutes' FROM person
      RETURNING id
    )
    INSERT INTO pgboss.job (name, data, priority, policy)
    SELECT 'send-email', jsonb_build_object('emailId', id), 1, 'standard' FROM mail`)
  const response = await postSignup({ name: 'Ada', email: newAddress() }, {}, web.url)
  expect(response.status).toBe(201)
  expect(await readHealth(web)).toMatchObject({ stranded: 0, queued: 10_000 })
})
