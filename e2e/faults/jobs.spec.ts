import { randomUUID } from 'node:crypto'
import { expect } from '@playwright/test'
import { Client } from 'pg'
import { PgBoss } from 'pg-boss'
import { newAddress, signUp } from '../app'
import { type Stack, waitFor } from '../stack'
import { test } from '../test'
import { findFaults, isOpenJob, untilSettled } from './oracle'
import { addOldQueue, isFinal, signUpMany, until, untilHurried } from './steps'

/** Puts a job into the queue that no signup made. */
async function send(stack: Stack, data: object | null): Promise<string> {
  const boss = new PgBoss({ connectionString: stack.databaseUrl, supervise: false, schedule: false })
  await boss.start()
  const id = await boss.send('send-email', data)
  await boss.stop()
  if (!id) throw new Error('not sent')
  return id
}

/** Waits for the dead letter of a job, and returns the reason on it. */
async function readDeadLetter(stack: Stack, jobId: string): Promise<{ reason: string; state: string }> {
  let letter: { reason: string; state: string } | undefined
  await waitFor(async () => {
    ;[letter] = await stack.query<{ reason: string; state: string }>(
      `SELECT source_output->>'reason' AS reason, state FROM pgboss.job
       WHERE name = 'send-email-dead' AND source_id = $1 AND state >= 'completed'`,
      [jobId],
    )
    return letter !== undefined
  })
  return letter as { reason: string; state: string }
}

for (const [title, data, reason] of [
  ['a payload of another shape', { email: 'ada@example.com' }, 'malformed_job'],
  ['no payload at all', null, 'malformed_job'],
  ['an id that is none', { emailId: 'x' }, 'malformed_job'],
  ['an email that never existed', { emailId: randomUUID() }, 'no_such_email'],
] as const) {
  const tag = title === 'an id that is none' ? [] : '@long'
  test(`${title}: to the dead letters, and its neighbours are unharmed`, { tag }, async ({ stack }) => {
    const before = await signUpMany(stack, 2)
    const poison = await send(stack, data)
    const after = await signUpMany(stack, 2)
    await stack.startWorker()
    for (const id of [...before, ...after]) {
      expect(await until(stack, id, isFinal)).toMatchObject({ status: 'delivered', attempts: 1 })
    }
    expect((await readDeadLetter(stack, poison)).reason).toBe(reason)
    const [job] = await stack.query('SELECT state FROM pgboss.job WHERE id = $1', [poison])
    expect(job).toEqual({ state: 'failed' })
    await untilSettled(stack)
    expect(await findFaults(stack, [...before, ...after])).toEqual([])
  })
}

test('a user who was deleted before the mail: no mail, and the neighbours are unharmed', async ({
  stack,
}) => {
  const [before = '', deleted = '', after = ''] = await signUpMany(stack, 3)
  await stack.query(`DELETE FROM "User" WHERE id = (SELECT "userId" FROM "Email" WHERE id = $1)`, [deleted])
  const [job] = await stack.query<{ id: string }>(`SELECT id FROM pgboss.job WHERE data->>'emailId' = $1`, [
    deleted,
  ])
  await stack.startWorker()
  for (const id of [before, after]) expect((await until(stack, id, isFinal)).status).toBe('delivered')
  expect(await readDeadLetter(stack, job?.id ?? '')).toEqual({ reason: 'no_such_email', state: 'completed' })
  const { emails } = await stack.setProvider({})
  expect(emails[deleted]).toBeUndefined()
  await untilSettled(stack)
  expect(await findFaults(stack, [before, after])).toEqual([])
})

test('a mail of a kind that only the next version knows waits for it, and its neighbours are unharmed', {
  tag: '@long',
}, async ({ stack }) => {
  const [before = '', strange = '', after = ''] = await signUpMany(stack, 3)
  await stack.query(`UPDATE "Email" SET kind = 'tomorrow' WHERE id = $1`, [strange])
  const worker = await stack.startWorker()
  for (const id of [before, after]) expect((await until(stack, id, isFinal)).status).toBe('delivered')
  await waitFor(async () => {
    const [job] = await stack.query<{ state: string }>(
      `SELECT state FROM pgboss.job WHERE data->>'emailId' = $1`,
      [strange],
    )
    return job?.state === 'retry'
  })
  expect(worker.output()).toContain('No template for "tomorrow"')
  await stack.query(`UPDATE "Email" SET kind = 'welcome' WHERE id = $1`, [strange])
  await untilHurried(stack, async () => (await until(stack, strange, isFinal)).status === 'delivered')
  await untilSettled(stack)
  expect(await findFaults(stack, [before, strange, after])).toEqual([])
})

test('a user who is deleted during the send: the job ends, and the worker goes on', async ({ stack }) => {
  await stack.setProvider({ latencyMs: 1_000 })
  await stack.startWorker()
  const { id } = await signUp(newAddress(), stack.appUrl)
  await waitFor(async () => (await stack.setProvider({})).emails[id] !== undefined)
  await stack.query('DELETE FROM "User"')
  await waitFor(async () => {
    const open = await stack.query(`SELECT FROM pgboss.job WHERE ${isOpenJob}`)
    return open.length === 0
  })
  const next = await signUpMany(stack, 1)
  expect((await until(stack, next[0] ?? '', isFinal)).status).toBe('delivered')
  await untilSettled(stack)
  expect(await findFaults(stack, next)).toEqual([])
})

test('a dead letter that fails while a table is away is told once, when its handler is done', async ({
  stack,
}) => {
  await stack.query('ALTER TABLE "EmailEvent" RENAME TO away')
  try {
    await stack.query(
      `INSERT INTO pgboss.job (name, data, retry_limit, retry_delay, source_name, source_id, source_retry_count, source_output)
       VALUES ('send-email-dead', $1, 60, 0, 'send-email', gen_random_uuid(), 0, '{"reason": "of_the_test"}')`,
      [{ emailId: randomUUID() }],
    )
    const worker = await stack.startWorker()
    await waitFor(() => /send-email-dead \w+ → failed, attempt 2/.test(worker.output()))
    await stack.query('ALTER TABLE away RENAME TO "EmailEvent"')
    await untilSettled(stack)
    await waitFor(() => worker.output().includes('given up'))
    expect(worker.output().match(/given up: npm run redrive -- send-email\b/g)).toHaveLength(1)
    expect(worker.output()).toContain('of_the_test')
  } finally {
    await stack.query('ALTER TABLE IF EXISTS away RENAME TO "EmailEvent"')
  }
})

test('a job of a queue that is not in lib/queue.ts is given up: log, doctor and redrive name the command that runs it', {
  tag: '@long',
}, async ({ stack }) => {
  const remedy = 'npm run queues -- move old-queue NEW-QUEUE'
  await addOldQueue(stack)
  try {
    await stack.query(
      `INSERT INTO pgboss.job (name, data, source_name, source_id, source_retry_count, source_output)
       SELECT 'dead-letters', data, name, id, 0, '{"reason": "of_the_test"}' FROM pgboss.job WHERE name = 'old-queue'`,
    )
    const worker = await stack.startWorker()
    await waitFor(() => worker.output().includes(`given up: ${remedy}`))
    await worker.kill('SIGTERM')
    expect((await stack.command('doctor')).output).toContain(`! 1 job of old-queue.`)
    expect((await stack.command('doctor')).output).toContain(remedy)
    expect((await stack.redrive()).output).toContain(`old-queue: 1 left. To run them: ${remedy}`)
    expect(await stack.redrive('old-queue')).toMatchObject({
      code: 2,
      output: expect.stringContaining(remedy),
    })
    expect((await stack.command('queues', 'move', 'old-queue', 'erase-user')).output).toBe(
      '1 of 1 moved from "old-queue" to "erase-user".\n',
    )
    expect(await stack.query(`SELECT state FROM pgboss.job WHERE name = 'erase-user'`)).toEqual([
      { state: 'created' },
    ])
  } finally {
    await stack.command('queues', 'delete', 'old-queue')
  }
})

test('jobs are moved into no queue that would not run them', { tag: '@long' }, async ({ stack }) => {
  await send(stack, { emailId: randomUUID() })
  for (const [name, answer] of [
    ['dead-letters', 'is for jobs that were given up'],
    ['send-email-dead', 'is for jobs that were given up'],
    ['sweep', '0 of 1 moved'],
    ['clean-up', '0 of 1 moved'],
    ['erase-user', '0 of 1 moved'],
  ] as const)
    expect((await stack.command('queues', 'move', 'send-email', name)).output, name).toContain(answer)
  expect(await stack.query(`SELECT state FROM pgboss.job WHERE name = 'send-email'`)).toEqual([
    { state: 'created' },
  ])
})

test('jobs are moved to another queue: those that do not fit are counted, and those that a worker takes meanwhile are not', async ({
  stack,
}) => {
  await send(stack, { email: 'ada@example.com' })
  const fit = [await send(stack, { emailId: randomUUID() }), await send(stack, { emailId: randomUUID() })]
  const worker = new Client({ connectionString: stack.databaseUrl })
  await worker.connect()
  await worker.query('BEGIN')
  await worker.query('DELETE FROM pgboss.job WHERE id = $1', [fit[0]])
  const move = stack.command('queues', 'move', 'send-email', 'send-ticket')
  await waitFor(async () => (await stack.query(`SELECT FROM pg_locks WHERE NOT granted`)).length > 0)
  await worker.query('COMMIT')
  await worker.end()
  expect((await move).output).toBe(
    '1 of 2 moved from "send-email" to "send-ticket".\n' +
      'The data of 1 does not fit "send-ticket": look at it in pgboss.job.\n',
  )
})
