import { randomUUID } from 'node:crypto'
import { expect } from '@playwright/test'
import { Client } from 'pg'
import { newAddress, signUp } from '../app'
import { type Stack, waitFor } from '../stack'
import { test } from '../test'
import { findFaults, untilSettled } from './oracle'
import { refuse, startRelay } from './relay'
import {
  countEmails,
  countSends,
  hurry,
  hurryHeartbeats,
  isFinal,
  limitAttempts,
  report,
  signUpMany,
  until,
  untilAsked,
  untilHurried,
  writeMany,
} from './steps'

/** Signs up users whose mail Resend rejects. */
async function failMany(stack: Stack, count: number): Promise<string[]> {
  await stack.setProvider({ mode: 'invalid' })
  const worker = await stack.startWorker()
  const ids = await signUpMany(stack, count)
  await untilSettled(stack)
  await worker.kill('SIGTERM')
  await stack.setProvider({ mode: 'ok' })
  return ids
}

/** Signs up a user whose attempts end without a clear answer. */
async function failInDoubt(stack: Stack): Promise<string> {
  await stack.setProvider({ mode: 'garbage' })
  const { id } = await signUp(newAddress(), stack.appUrl)
  const worker = await stack.startWorker()
  await until(stack, id, ({ status }) => status === 'retrying')
  await limitAttempts(stack, 1)
  expect((await hurry(stack, () => until(stack, id, isFinal))).status).toBe('failed')
  await untilSettled(stack)
  await worker.kill('SIGTERM')
  await stack.setProvider({ mode: 'ok' })
  return id
}

const age = (stack: Stack, hours: number) =>
  stack.query(`UPDATE "Batch" SET "createdAt" = "createdAt" - make_interval(hours => $1)`, [hours])

test('a batch in doubt is rejected because of one mail: only --force sends each alone', {
  tag: '@long',
}, async ({ stack }) => {
  const ids = await writeMany(stack, 3)
  let isFirst = true
  await using relay = await startRelay(stack, async (mails, forward) => {
    if (mails.length === 1) return await forward()
    if (!isFirst) return refuse(422, 'validation_error')
    isFirst = false
    throw new Error('The answer is lost')
  })
  await stack.startWorker(relay.env)
  await untilHurried(stack, async () => (await countEmails(stack, 'failed')) === 3)
  expect((await stack.redrive()).output).toContain('3 of 3 put back')
  await untilHurried(stack, async () => (await countEmails(stack, 'failed')) === 3)
  for (const id of ids) expect(await countSends(stack, id)).toEqual({ calls: 0, accepted: 0 })
  expect((await stack.redrive('--force')).output).toContain('3 of 3 put back')
  await untilHurried(stack, async () => (await countEmails(stack, 'delivered')) === 3)
  await untilSettled(stack)
  expect(await findFaults(stack, ids)).toEqual([])
})

test('all that was given up goes out, and the tickets go on', async ({ stack }) => {
  const ids = await failMany(stack, 3)
  const { code, output } = await stack.redrive()
  expect(output).toContain('3 of 3 put back into the queue.')
  expect(code).toBe(0)
  await stack.startWorker()
  for (const id of ids) {
    const { status, timeline } = await until(stack, id, isFinal)
    expect(status).toBe('delivered')
    expect(timeline.map(({ status }) => status).slice(0, 6)).toEqual([
      ...['queued', 'sending', 'failed'],
      ...['queued', 'sending', 'sent'],
    ])
  }
  await untilSettled(stack)
  expect(await findFaults(stack, ids)).toEqual([])
})

test('one id: the others stay where they are', { tag: '@long' }, async ({ stack }) => {
  const [chosen = '', other = ''] = await failMany(stack, 2)
  // As the log writes an id.
  const { code, output } = await stack.redrive(chosen.toUpperCase())
  expect(output).toContain(`${chosen}: queued`)
  expect(output).not.toContain(other)
  expect(code).toBe(0)
  await stack.startWorker()
  await until(stack, chosen, ({ status }) => status === 'delivered')
  expect((await until(stack, other, isFinal)).status).toBe('failed')
})

test('what was not given up is left alone', { tag: '@long' }, async ({ stack }) => {
  const { id } = await signUp(newAddress(), stack.appUrl)
  for (const [one, result] of [
    [id, 'not failed'],
    [randomUUID(), 'unknown'],
  ] as const) {
    const { code, output } = await stack.redrive(one, '--force')
    expect(output).toContain(`${one}: ${result}`)
    expect(code).toBe(1)
  }
  expect(await stack.redrive()).toMatchObject({ code: 0, output: expect.stringContaining('0 of 0') })
  expect(await stack.query('SELECT 1 FROM pgboss.job')).toHaveLength(1)
})

test('a malformed or empty id, an empty reason, and a reason beside an id or a queue, are refused before anything happens', {
  tag: '@long',
}, async ({ stack }) => {
  const [id = ''] = await failMany(stack, 1)
  expect(await stack.redrive(id, 'all')).toEqual({
    code: 2,
    output: expect.stringContaining('Neither the id of an email nor a queue in lib/queue.ts: all\n'),
  })
  for (const one of [id, 'clean-up'])
    expect(await stack.redrive(one, '--reason', 'validation_error')).toEqual({
      code: 2,
      output: '--reason selects mails: leave out ids and queues.\n',
    })
  // As from a variable of the shell that is not set.
  expect(await stack.redrive('--reason', '')).toMatchObject({ code: 2 })
  expect(await stack.redrive('')).toEqual({
    code: 2,
    output: expect.stringMatching(/^An argument is empty\.\nUsage: npm run redrive /),
  })
  expect((await stack.redrive('', id)).code).toBe(2)
  expect((await until(stack, id, isFinal)).status).toBe('failed')
})

test('a reason that no failed mail has is refused, with the reasons that there are', {
  tag: '@long',
}, async ({ stack }) => {
  expect(await stack.redrive('--reason', 'template-failed')).toEqual({
    code: 2,
    output: 'No failed mail has the reason "template-failed", or any other.\n',
  })
  await failMany(stack, 2)
  expect(await stack.redrive('--reason', 'validation-error')).toEqual({
    code: 2,
    output: 'No failed mail has the reason "validation-error". The reasons are: validation_error\n',
  })
  expect((await stack.redrive('--reason', 'validation_error')).output).toContain('2 of 2 put back')
})

test('a queue of mails redrives all failed mails, as the usage line says', { tag: '@long' }, async ({
  stack,
}) => {
  await failMany(stack, 1)
  expect((await stack.redrive('--help')).output).toContain(
    'A queue of mails (send-email, send-ticket, send-email-alone, retry-batch) stands for all failed mails.',
  )
  expect((await stack.redrive('send-ticket')).output).toContain('1 of 1 put back')
})

test('what Resend may have accepted more than 23 hours ago needs --force', async ({ stack }) => {
  const id = await failInDoubt(stack)
  await age(stack, 24)
  const refused = await stack.redrive(id)
  expect(refused.output).toContain(`${id}: might be sent twice`)
  expect(refused.output).toContain('Left alone: 1 that might be sent twice.')
  expect(refused.code).toBe(1)
  expect((await until(stack, id, isFinal)).status).toBe('failed')

  expect((await stack.redrive(id, '--force')).code).toBe(0)
  await stack.startWorker()
  const { status, timeline } = await until(stack, id, isFinal)
  expect(status).toBe('delivered')
  expect(timeline.map(({ reason }) => reason)).toContain('forced')
  await untilSettled(stack)
  expect(await findFaults(stack, [id])).toEqual([])
})

test('within 23 hours Resend still knows the key: no --force needed', { tag: '@long' }, async ({ stack }) => {
  const id = await failInDoubt(stack)
  await age(stack, 22)
  expect((await stack.redrive(id)).code).toBe(0)
  await stack.startWorker()
  expect((await until(stack, id, isFinal)).status).toBe('delivered')
})

test('what Resend clearly refused may be sent however old it is', { tag: '@long' }, async ({ stack }) => {
  const ids = await failMany(stack, 1)
  await age(stack, 1_000)
  expect((await stack.redrive()).code).toBe(0)
  await stack.startWorker()
  await untilSettled(stack)
  expect((await until(stack, ids[0] ?? '', isFinal)).status).toBe('delivered')
  expect(await findFaults(stack, ids)).toEqual([])
})

test('an old batch whose worker died is not sent again without a person', { tag: '@long' }, async ({
  stack,
}) => {
  await stack.setProvider({ mode: 'hang' })
  const first = await stack.startWorker()
  const { id } = await signUp(newAddress(), stack.appUrl)
  await untilAsked(stack, id)
  await first.kill('SIGKILL')
  await stack.setProvider({ mode: 'ok' })
  await age(stack, 24)
  await hurryHeartbeats(stack)
  await stack.startWorker()
  const { status, timeline } = await until(stack, id, isFinal)
  expect(status).toBe('failed')
  expect(timeline.at(-1)?.reason).toBe('outcome_unknown')
  await untilSettled(stack)
  expect(await findFaults(stack, [id])).toEqual([])
})

test('what Resend accepted and then failed to send is never sent by us again', async ({ stack }) => {
  const { id } = await signUp(newAddress(), stack.appUrl)
  // The reason is a sentence, so it is not stored.
  const data = { email_id: randomUUID(), tags: { email_id: id }, failed: { reason: 'The quota is used up.' } }
  expect((await report(stack, 'email.failed', data)).status).toBe(200)
  const { code, output } = await stack.redrive(id, '--force')
  expect(output).toContain(`${id}: accepted by Resend`)
  expect(code).toBe(1)
  const doctor = await stack.command('doctor')
  expect(doctor.output).toContain('1 mail: no reason known. Resend accepted')
  expect(doctor.output).not.toContain('--reason')
})

test('what an operator has dropped is redriven only by its reason', async ({ stack }) => {
  const { id } = await signUp(newAddress(), stack.appUrl)
  await stack.command('waiting', 'drop', 'all')
  expect(await stack.redrive()).toMatchObject({ code: 0, output: '0 of 0 put back into the queue.\n' })
  const { output } = await stack.redrive('--reason', 'dropped_by_operator')
  expect(output).toContain(`${id}: queued`)
})

test('two people redrive at the same moment: one job', { tag: '@long' }, async ({ stack }) => {
  const [id = ''] = await failMany(stack, 1)
  // Both come to this row before either can go on.
  const gate = new Client({ connectionString: stack.databaseUrl })
  await gate.connect()
  await gate.query('BEGIN')
  await gate.query('SELECT 1 FROM "Email" FOR UPDATE')
  const both = Promise.all([stack.redrive(id), stack.redrive(id)])
  await waitFor(async () => {
    const waiting = await stack.query(`SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'`)
    return waiting.length === 2
  })
  await gate.query('COMMIT')
  await gate.end()
  expect((await both).map(({ code }) => code).sort()).toEqual([0, 1])
  const jobs = await stack.query(`SELECT 1 FROM pgboss.job WHERE name = 'send-email' AND state = 'created'`)
  expect(jobs).toHaveLength(1)
})
