import { expect } from '@playwright/test'
import { isDelivered, newAddress, readStream, signUp } from '../app'
import { OURS, type Stack, waitFor } from '../stack'
import { test } from '../test'
import { findFaults, untilSettled } from './oracle'
import { startPooler } from './pooler'
import {
  closeGate,
  countSends,
  holdReports,
  hurryHeartbeats,
  isFinal,
  signUpMany,
  signUpStubbornly,
  until,
  untilAsked,
} from './steps'

test.describe('a worker is killed', () => {
  test('before Resend has the mail: another one sends it', { tag: '@long' }, async ({ stack }) => {
    await stack.setProvider({ mode: 'hang' })
    const first = await stack.startWorker()
    const { id } = await signUp(newAddress(), stack.appUrl)
    await untilAsked(stack, id)
    await first.kill('SIGKILL')
    await stack.setProvider({ mode: 'ok' })

    await stack.startWorker()
    const snapshot = await until(stack, id, isDelivered)
    expect(snapshot.attempts).toBe(2)
    await untilSettled(stack)
    expect(await countSends(stack, id)).toEqual({ calls: 2, accepted: 1 })
    expect(await findFaults(stack, [id])).toEqual([])
  })

  test('after Resend has the mail, and a report tells: it is not even asked again', { tag: '@long' }, async ({
    stack,
  }) => {
    await stack.setProvider({ latencyMs: 1_000 })
    const first = await stack.startWorker()
    const { id } = await signUp(newAddress(), stack.appUrl)
    await untilAsked(stack, id)
    await first.kill('SIGKILL')

    await until(stack, id, isDelivered)
    await hurryHeartbeats(stack)
    await stack.startWorker()
    // The job has outlived its worker. The next worker must see that there is nothing left to do.
    await untilSettled(stack)
    expect(await countSends(stack, id)).toEqual({ calls: 1, accepted: 1 })
    expect(await findFaults(stack, [id])).toEqual([])
  })

  // The worker has to stop at this row or table, with this statement: the gate is exactly between two of its steps.
  for (const [title, lock, statement] of [
    ['when it asks for its turn', 'LOCK TABLE "Pace"', 'INSERT INTO "Pace"'],
    ['when it reads what waits', 'SELECT FROM "Email" FOR UPDATE', 'FOR UPDATE OF "Email"'],
    ['when it writes down the batch', 'LOCK TABLE "Batch" IN SHARE MODE', 'INSERT INTO'],
    ['when it writes down the attempt', 'LOCK TABLE "EmailEvent" IN SHARE MODE', 'WITH fact'],
  ] as const) {
    test(`${title}: nothing was sent, and another one sends it, at the first attempt`, {
      tag: '@long',
    }, async ({ stack }) => {
      const ids = await signUpMany(stack, 3)
      await using gate = await closeGate(stack, lock)
      const first = await stack.startWorker()
      await gate.untilReached(statement)
      await first.kill('SIGKILL')
      await gate.open()
      await hurryHeartbeats(stack)
      await stack.startWorker()
      await untilSettled(stack)
      for (const id of ids) expect(await countSends(stack, id)).toEqual({ calls: 1, accepted: 1 })
      expect(await stack.query('SELECT FROM "Email" WHERE attempts <> 1')).toEqual([])
      expect(await findFaults(stack, ids)).toEqual([])
    })
  }

  for (const [title, lock, statement] of [
    [
      'when it looks what became of the batch',
      'SELECT FROM "Batch" FOR UPDATE',
      'AS "isKeyExpired" FROM "Batch"',
    ],
    ['when it records the answer', 'SELECT FROM "Email" FOR UPDATE', 'json_array_elements(messages)'],
    ['when it dissolves the batch', 'LOCK TABLE "Batch" IN SHARE MODE', 'DELETE FROM "Batch"'],
    [
      'when it takes back the job',
      `SELECT FROM pgboss.job WHERE name = 'retry-batch' FOR UPDATE`,
      'DELETE FROM pgboss',
    ],
  ] as const) {
    const tag = title === 'when it records the answer' ? [] : '@long'
    test(`${title}: the same batch is sent again under its key, and no mail is sent twice`, { tag }, async ({
      stack,
    }) => {
      const letReports = await holdReports(stack)
      await stack.setProvider({ latencyMs: 5_000 })
      const ids = await signUpMany(stack, 3)
      const first = await stack.startWorker()
      for (const id of ids) await untilAsked(stack, id)
      await using gate = await closeGate(stack, lock)
      await gate.untilReached(statement)
      // They may have left in more than one request.
      for (const id of ids) await expect.poll(() => countSends(stack, id)).toEqual({ calls: 1, accepted: 1 })
      await first.kill('SIGKILL')
      await gate.open()

      await stack.setProvider({ latencyMs: 0 })
      await hurryHeartbeats(stack)
      await stack.startWorker()
      for (const id of ids) {
        const { timeline } = await until(stack, id, ({ status }) => status === 'sent')
        expect(timeline.map(({ status }) => status)).toEqual(['queued', 'sending', 'sending', 'sent'])
        expect(await countSends(stack, id)).toEqual({ calls: 2, accepted: 1 })
      }
      await letReports()
      await untilSettled(stack)
      expect(await findFaults(stack, ids)).toEqual([])
    })
  }

  test('right after the record: the job was completed with it, and it is not done again', {
    tag: '@long',
  }, async ({ stack }) => {
    const letReports = await holdReports(stack)
    const first = await stack.startWorker()
    const { id } = await signUp(newAddress(), stack.appUrl)
    await waitFor(async () => (await stack.query(`SELECT FROM "Email" WHERE status = 'sent'`)).length === 1)
    await first.kill('SIGKILL')
    const jobs = await stack.query(`SELECT state, retry_count FROM pgboss.job WHERE name = 'send-email'`)
    expect(jobs).toEqual([{ state: 'completed', retry_count: 0 }])
    await letReports()
    await stack.startWorker()
    await untilSettled(stack)
    expect(await countSends(stack, id)).toEqual({ calls: 1, accepted: 1 })
    expect(await findFaults(stack, [id])).toEqual([])
  })

  test('with hands full: others finish all of it', { tag: '@long' }, async ({ stack }) => {
    await stack.setProvider({ latencyMs: 500 })
    const first = await stack.startWorker()
    const ids = await signUpMany(stack, 20)
    await waitFor(async () => (await stack.setProvider({})).emails[ids[19] ?? ''] !== undefined)
    await first.kill('SIGKILL')
    await hurryHeartbeats(stack)
    await stack.setProvider({ latencyMs: 20 })
    await Promise.all([stack.startWorker(), stack.startWorker()])
    await untilSettled(stack)
    expect(await findFaults(stack, ids)).toEqual([])
  })
})

test.describe('SIGTERM', () => {
  test('in the middle of a send: the worker finishes it, takes no more, and exits with 0', async ({
    stack,
  }) => {
    await stack.setProvider({ latencyMs: 5_000 })
    const worker = await stack.startWorker()
    const { id } = await signUp(newAddress(), stack.appUrl)
    await untilAsked(stack, id)
    const exit = worker.kill('SIGTERM')
    // Deaf to new jobs: that is the first thing it does.
    await waitFor(async () => (await listListeners(stack, 'queue')).length === 0)
    const { id: later } = await signUp(newAddress(), stack.appUrl)
    expect(await exit).toBe(0)

    await until(stack, id, isDelivered)
    const response = await fetch(`${stack.appUrl}/api/emails/${later}`)
    expect((await response.json()).status).toBe('queued')

    await stack.startWorker()
    await untilSettled(stack)
    expect(await countSends(stack, id)).toEqual({ calls: 1, accepted: 1 })
    expect(await findFaults(stack, [id, later])).toEqual([])
  })

  test('while the provider hangs: exits with 0 within 20 s, and another worker goes on', {
    tag: '@long',
  }, async ({ stack }) => {
    await stack.setProvider({ mode: 'hang' })
    const worker = await stack.startWorker()
    const { id } = await signUp(newAddress(), stack.appUrl)
    await untilAsked(stack, id)
    const started = Date.now()
    expect(await worker.kill('SIGTERM')).toBe(0)
    expect(Date.now() - started).toBeLessThan(20_000)

    await stack.setProvider({ mode: 'ok' })
    await stack.startWorker()
    await untilSettled(stack)
    expect(await countSends(stack, id)).toEqual({ calls: 2, accepted: 1 })
    expect(await findFaults(stack, [id])).toEqual([])
  })
})

test('a worker whose database hangs exits with 0 within 20 s, and another one goes on', {
  tag: '@long',
}, async ({ stack }) => {
  await stack.setProvider({ mode: 'hang' })
  const worker = await stack.startWorker()
  const { id } = await signUp(newAddress(), stack.appUrl)
  await untilAsked(stack, id)
  const backends = await stack.query<{ pid: number }>(
    `SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND application_name <> $1`,
    [OURS],
  )
  const signal = (name: NodeJS.Signals): void => {
    for (const { pid } of backends)
      try {
        process.kill(pid, name)
      } catch {
        // It has ended meanwhile.
      }
  }
  signal('SIGSTOP')
  const started = Date.now()
  const code = await worker.kill('SIGTERM').finally(() => signal('SIGCONT'))
  expect(code, worker.output()).toBe(0)
  expect(Date.now() - started).toBeLessThan(20_000)
  expect(worker.output()).toContain('The stop takes too long')

  await stack.setProvider({ mode: 'ok' })
  await stack.startWorker()
  await untilSettled(stack)
  expect(await findFaults(stack, [id])).toEqual([])
})

test('many workers side by side send each mail once', { tag: '@long' }, async ({ stack }) => {
  await Promise.all([stack.startWorker(), stack.startWorker(), stack.startWorker()])
  const ids = await signUpMany(stack, 60)
  await untilSettled(stack)
  for (const id of ids) expect(await countSends(stack, id)).toEqual({ calls: 1, accepted: 1 })
  expect(await findFaults(stack, ids)).toEqual([])
})

test('a crowd of signups without a worker is sent as soon as one starts', { tag: '@long' }, async ({
  stack,
}) => {
  const ids = await signUpMany(stack, 200)
  await stack.startWorker()
  await untilSettled(stack)
  expect(await findFaults(stack, ids)).toEqual([])
})

test('/api/health counts the living workers', { tag: '@long' }, async ({ stack }) => {
  const countWorkers = async () => (await (await fetch(`${stack.appUrl}/api/health`)).json()).workers
  const [first] = await Promise.all([stack.startWorker(), stack.startWorker()])
  await waitFor(async () => (await countWorkers()) === 2)
  await first.kill('SIGKILL')
  await waitFor(async () => (await countWorkers()) === 1)
})

test('the worker loses its LISTEN connection: it listens again, and new jobs start', async ({ stack }) => {
  await stack.startWorker()
  const [before] = await listListeners(stack, 'queue')
  await stack.query('SELECT pg_terminate_backend($1)', [before])
  await waitFor(async () => {
    const [now] = await listListeners(stack, 'queue')
    return now !== undefined && now !== before
  })
  const ids = await signUpMany(stack, 3)
  await untilSettled(stack)
  expect(await findFaults(stack, ids)).toEqual([])
})

test('the worker loses all its connections in the middle of a send: one mail', async ({ stack }) => {
  await stack.setProvider({ latencyMs: 1_000 })
  await stack.startWorker()
  const ids = await signUpMany(stack, 3)
  for (const id of ids) await untilAsked(stack, id)
  await stack.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
     WHERE application_name <> '${OURS}' AND datname = current_database()`,
  )
  await untilSettled(stack)
  expect(await findFaults(stack, ids)).toEqual([])
})

test('a pooler adds a last word to a connection that Postgres cuts, as PgBouncer does: the worker lives', {
  tag: '@long',
}, async ({ stack }) => {
  await using pooler = await startPooler(stack.databaseUrl)
  const worker = await stack.startWorker(pooler.env)
  await stack.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
     WHERE application_name <> '${OURS}' AND datname = current_database()`,
  )
  await waitFor(() => pooler.lastWords() > 1)
  const ids = await signUpMany(stack, 3)
  await untilSettled(stack)
  expect(await findFaults(stack, ids)).toEqual([])
  expect(worker.isRunning()).toBe(true)
})

test('connections are cut as fast as they are opened, for eight seconds: no process dies', {
  tag: '@long',
}, async ({ stack }) => {
  const web = await stack.startWeb()
  const worker = await stack.startWorker({ RETRY_MAX_SECONDS: '0.5' })
  const end = Date.now() + 8_000
  const cutAll = async () => {
    const cut = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = current_database() AND application_name <> '${OURS}'`
    while (Date.now() < end) await stack.query(cut).catch(() => {})
  }
  const signUps = async () => {
    const ids: string[] = []
    while (Date.now() < end) ids.push((await signUpStubbornly(() => web.url)).id)
    return ids
  }
  const [ids] = await Promise.all([signUps(), cutAll()])
  await untilSettled(stack)
  expect(await findFaults(stack, ids)).toEqual([])
  expect([worker.isRunning(), web.isRunning()]).toEqual([true, true])
})

test('the web server loses its LISTEN connection: open streams go on', async ({ stack }) => {
  const { id } = await signUp(newAddress(), stack.appUrl)
  const stream = readStream(`${stack.appUrl}/api/emails/${id}/events`)
  expect((await stream.next()).value.status).toBe('queued')
  await waitFor(async () => (await listListeners(stack, 'live status')).length === 1)
  const [before] = await listListeners(stack, 'live status')
  await stack.query('SELECT pg_terminate_backend($1)', [before])
  // A report arrives while no connection listens.
  await waitFor(async () => (await listListeners(stack, 'live status')).length === 0)
  await stack.query(`INSERT INTO "EmailEvent" ("emailId", status) VALUES ($1, 'sending')`, [id])
  expect((await stream.next()).value.version).toBe(2)

  await stack.startWorker()
  for await (const snapshot of stream) {
    if (!isFinal(snapshot)) continue
    expect(snapshot.status).toBe('delivered')
    break
  }
})

/** The server processes behind the connections that LISTEN. */
async function listListeners(stack: Stack, name: 'queue' | 'live status'): Promise<number[]> {
  const rows = await stack.query<{ pid: number }>(
    'SELECT pid FROM pg_stat_activity WHERE application_name = $1 ORDER BY pid',
    [name],
  )
  return rows.map(({ pid }) => pid)
}
