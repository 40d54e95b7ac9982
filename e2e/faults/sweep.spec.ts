import { randomUUID } from 'node:crypto'
import { expect } from '@playwright/test'
import { PgBoss } from 'pg-boss'
import { newAddress, postSignup, readEvents } from '../app'
import { act, type Owner, signUpOwner } from '../owner'
import { type Process, type Stack, type Web, waitFor } from '../stack'
import { test } from '../test'
import { findFaults, untilSettled } from './oracle'
import { countSends, isFinal, makeDue, signUpMany, sweepNow, until, untilAsked } from './steps'

const OPERATOR_TOKEN = 'the-token-of-an-operator'

const startWeb = (stack: Stack): Promise<Web> => stack.startWeb({ env: { OPERATOR_TOKEN } })

type Health = { stranded: number; repaired: number; attention: string | null }

async function readHealth(web: Web): Promise<Health> {
  const headers = { authorization: `Bearer ${OPERATOR_TOKEN}` }
  return await (await fetch(`${web.url}/api/health`, { headers })).json()
}

/** Gives all rows the same age, so that no test waits, and none is too slow. */
async function setAge(stack: Stack, minutes: number): Promise<void> {
  const time = `now() - interval '${minutes} minutes'`
  await stack.query(
    `UPDATE "User" SET "createdAt" = ${time};
     UPDATE "Export" SET "createdAt" = ${time}; -- orders
     UPDATE "Email" SET "updatedAt" = ${time}`,
  )
}

const countRepaired = (worker: Process): number =>
  worker.output().match(/A stranded \w+ was repaired/g)?.length ?? 0

/** Signs up a user whose worker dies with the mail in a batch. */
async function signUpInBatch(stack: Stack): Promise<Owner> {
  await stack.setProvider({ mode: 'hang' })
  const worker = await stack.startWorker()
  const owner = await signUpOwner(stack.appUrl)
  await untilAsked(stack, owner.id)
  await worker.kill('SIGKILL')
  await stack.setProvider({ mode: 'ok' })
  return owner
}

/** Signs up a user whose worker dies after a first attempt that has failed. */
async function signUpUntilRetrying(stack: Stack, mode: string): Promise<Owner> {
  await stack.setProvider({ mode })
  const worker = await stack.startWorker()
  const owner = await signUpOwner(stack.appUrl)
  await until(stack, owner.id, ({ status }) => status === 'retrying')
  await worker.kill('SIGKILL')
  await stack.setProvider({ mode: 'ok' })
  await makeDue(stack)
  return owner
}

// orders
/** Signs up a user whose file is ready. */
async function signUpWithFile(stack: Stack): Promise<Owner> {
  const worker = await stack.startWorker()
  const owner = await signUpOwner(stack.appUrl)
  await act(owner, 'POST', 'export')
  await untilExport(stack, owner, 'ready')
  await until(stack, owner.id, isFinal)
  await worker.kill('SIGKILL')
  return owner
}

/** Signs up a user who places an order at once. */
async function signUpAnd(stack: Stack, path: string): Promise<Owner> {
  const owner = await signUpOwner(stack.appUrl)
  expect((await act(owner, 'POST', path)).status).toBe(202)
  return owner
}

type Loss = {
  signUp: (stack: Stack) => Promise<Owner>
  /** In SQL, what the row loses. */
  lose: (owner: Owner) => string
  expectEnd: (stack: Stack, owner: Owner) => Promise<unknown>
}

const signUp = ({ appUrl }: Stack): Promise<Owner> => signUpOwner(appUrl)

/** In SQL: the jobs of a queue that are about this user go away. */
const loseJobs = (queue: string, { userId }: Owner): string =>
  `DELETE FROM pgboss.job WHERE name = '${queue}' AND jsonb_path_query_first(data, '$.*')#>>'{}' IN (
     SELECT '${userId}'
     UNION SELECT id::text FROM "Export" WHERE "userId" = '${userId}' -- orders
     UNION SELECT unnest(ARRAY[id, "batchId"])::text FROM "Email" WHERE "userId" = '${userId}')`

const expectOneMail = async (stack: Stack, { id }: Owner): Promise<void> => {
  expect((await until(stack, id, isFinal)).status).toBe('delivered')
  expect((await countSends(stack, id)).accepted).toBe(1)
}

const loseBatch = (owner: Owner): string =>
  `${loseJobs('retry-batch', owner)};
   DELETE FROM "Batch" WHERE id = (SELECT "batchId" FROM "Email" WHERE id = '${owner.id}')`

/** With the batch its key is lost, so only an operator may send it again. */
async function expectDoubt(stack: Stack, { id }: Owner): Promise<void> {
  const { status, timeline } = await until(stack, id, isFinal)
  expect([status, timeline.at(-1)?.reason]).toEqual(['failed', 'outcome_unknown'])
  expect((await stack.redrive(id)).output).toContain('might be sent twice')
}

// orders
const untilExport = (stack: Stack, { userId }: Owner, status: string): Promise<void> =>
  waitFor(async () => {
    const [row] = await stack.query<{ status: string }>('SELECT status FROM "Export" WHERE "userId" = $1', [
      userId,
    ])
    return row?.status === status
  })

/** Each kind of half: those that need a worker of their own come first. */
const LOSSES: Record<string, Loss> = {
  // orders
  'a file without the job that deletes it': {
    signUp: signUpWithFile,
    lose: (owner) =>
      `${loseJobs('expire-export', owner)};
       UPDATE "Export" SET "expiresAt" = now() WHERE "userId" = '${owner.userId}'`,
    expectEnd: (stack, owner) => untilExport(stack, owner, 'expired'),
  },
  'a batch without the job that sends it again': {
    signUp: signUpInBatch,
    lose: (owner) => loseJobs('retry-batch', owner),
    expectEnd: expectOneMail,
  },
  'a mail that was being sent, in a batch that is lost': {
    signUp: signUpInBatch,
    lose: loseBatch,
    expectEnd: expectDoubt,
  },
  'a mail that is to be sent again, in a batch that is lost': {
    // Resend may have accepted it all the same.
    signUp: (stack) => signUpUntilRetrying(stack, 'outage'),
    lose: loseBatch,
    expectEnd: expectDoubt,
  },
  'a mail that was rejected for now, without its job': {
    signUp: (stack) => signUpUntilRetrying(stack, 'rate-limit'),
    lose: (owner) => loseJobs('send-email', owner),
    expectEnd: expectOneMail,
  },
  'an email without its job': {
    signUp,
    lose: (owner) => loseJobs('send-email', owner),
    expectEnd: expectOneMail,
  },
  'an email without its first event and its job': {
    signUp,
    lose: (owner) =>
      `${loseJobs('send-email', owner)}; DELETE FROM "EmailEvent" WHERE "emailId" = '${owner.id}'`,
    expectEnd: expectOneMail,
  },
  'a user without a mail': {
    signUp,
    lose: (owner) => `${loseJobs('send-email', owner)}; DELETE FROM "Email" WHERE id = '${owner.id}'`,
    async expectEnd(stack, owner) {
      const [mail] = await stack.query<{ id: string }>(`SELECT id FROM "Email" WHERE "userId" = $1`, [
        owner.userId,
      ])
      await expectOneMail(stack, { ...owner, id: mail?.id ?? '' })
    },
  },
  'an erasure without its job': {
    signUp: (stack) => signUpAnd(stack, 'erasure'),
    lose: (owner) => loseJobs('erase-user', owner),
    expectEnd: (stack, { userId }) =>
      waitFor(async () => (await stack.query('SELECT FROM "User" WHERE id = $1', [userId])).length === 0),
  },
  // orders
  'an export without its job': {
    signUp: (stack) => signUpAnd(stack, 'export'),
    lose: (owner) => loseJobs('export-data', owner),
    expectEnd: (stack, owner) => untilExport(stack, owner, 'ready'),
  },
}

test('each kind of half is stranded after a minute, in health, and a worker repairs it, once', {
  tag: '@long',
}, async ({ stack }) => {
  const web = await startWeb(stack)
  const owners: [string, Loss, Owner][] = []
  for (const [what, loss] of Object.entries(LOSSES)) owners.push([what, loss, await loss.signUp(stack)])
  // This one lacks nothing.
  const other = await signUpOwner(stack.appUrl)
  await setAge(stack, 0)
  for (const [, loss, owner] of owners) await stack.query(loss.lose(owner))
  expect((await readHealth(web)).stranded).toBe(0)
  await setAge(stack, 2)
  await waitFor(async () => (await readHealth(web)).stranded > 0)
  expect(await readHealth(web)).toMatchObject({ stranded: owners.length, repaired: 0 })
  // stage
  for await (const { event, data } of readEvents(`${stack.appUrl}/api/backstage/events`)) {
    if (event !== 'backstage') continue
    expect(data).toMatchObject({ stranded: owners.length })
    break
  }

  const worker = await stack.startWorker()
  await sweepNow(stack)
  for (const [what, { expectEnd }, owner] of owners) await test.step(what, () => expectEnd(stack, owner))
  await expectOneMail(stack, other)
  // Never twice, however often it looks.
  await setAge(stack, 2)
  await sweepNow(stack)
  await sweepNow(stack)
  await expect.poll(() => countRepaired(worker)).toBe(owners.length)
  await waitFor(async () => (await readHealth(web)).stranded === 0)
  expect((await readHealth(web)).repaired).toBe(owners.length)
})

test('pg-boss’s cron sweeps every minute, in whatever worker: a half needs no hand', {
  tag: '@long',
}, async ({ stack }) => {
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

test('a half that cannot be repaired keeps no other waiting', async ({ stack }) => {
  const ids = await signUpMany(stack, 2)
  await stack.query('DELETE FROM pgboss.job; DELETE FROM "EmailEvent"')
  await stack.query(
    `CREATE FUNCTION refuse_event() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'not now'; END $$;
     CREATE TRIGGER refuse_event BEFORE INSERT ON "EmailEvent" FOR EACH ROW
       WHEN (NEW."emailId" = '${[...ids].sort()[0]}') EXECUTE FUNCTION refuse_event()`,
  )
  await setAge(stack, 2)
  const worker = await stack.startWorker()
  try {
    await sweepNow(stack)
    await waitFor(
      async () => (await stack.query(`SELECT FROM "Email" WHERE status = 'delivered'`)).length === 1,
    )
    expect(worker.output()).toContain('A stranded email could not be repaired')
  } finally {
    await stack.query(`DROP TRIGGER refuse_event ON "EmailEvent"; DROP FUNCTION refuse_event()`)
  }
  await sweepNow(stack)
  await untilSettled(stack)
  expect(await findFaults(stack, ids)).toEqual([])
})

test('a backlog of 20,000 that Postgres has not analyzed: stranded is counted all the same', {
  tag: '@long',
}, async ({ stack }) => {
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

for (const [queue, table] of [
  ['sweep', 'Sweep'],
  ['clean-up', 'CleanUp'],
] as const)
  test(`a ${queue} that is given up counts until the next one succeeds, and not for two weeks`, {
    tag: '@long',
  }, async ({ stack }) => {
    const web = await startWeb(stack)
    const worker = await stack.startWorker()
    const boss = new PgBoss({ connectionString: stack.databaseUrl, supervise: false, schedule: false })
    await boss.start()
    try {
      await stack.query(
        `CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'not now'; END $$;
         CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON "${table}" EXECUTE FUNCTION refuse()`,
      )
      await boss.send(queue, {}, { retryLimit: 0 })
      await waitFor(() => worker.output().includes(`given up: ${queue}`))
      await expect.poll(() => readHealth(web)).toMatchObject({ failedJobs: { [queue]: expect.any(Number) } })
    } finally {
      await stack.query('DROP FUNCTION refuse CASCADE')
    }
    await boss.send(queue, {})
    await boss.stop()
    await expect.poll(() => readHealth(web)).toMatchObject({ failed: 0, failedJobs: {} })
  })

test('no sweep finishes while a worker runs: attention, and what to do', { tag: '@long' }, async ({
  stack,
}) => {
  const web = await startWeb(stack)
  // With the trigger, no sweep is written down as complete.
  await stack.query(
    `UPDATE "Sweep" SET "checkedUntil" = now() - interval '16 minutes';
     CREATE FUNCTION skip() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
     CREATE TRIGGER skip BEFORE UPDATE ON "Sweep" FOR EACH ROW EXECUTE FUNCTION skip()`,
  )
  try {
    // Without a worker, `workers` is 0.
    expect(await readHealth(web)).toMatchObject({ attention: null })
    await stack.startWorker()
    expect(await readHealth(web)).toMatchObject({ attention: null })
    await stack.query(`UPDATE pgboss.instance SET started_on = now() - interval '16 minutes'`)
    await expect.poll(() => readHealth(web)).toMatchObject({ attention: 'sweep_late' })
    expect((await stack.command('doctor')).output).toContain('No sweep has finished for 15 minutes')
  } finally {
    await stack.query('DROP FUNCTION skip CASCADE')
  }
  await sweepNow(stack)
  await expect.poll(() => readHealth(web)).toMatchObject({ attention: null })
})
