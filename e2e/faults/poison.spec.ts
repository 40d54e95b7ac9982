import { expect } from '@playwright/test'
import { newAddress, postSignup, signUp } from '../app'
import { copyProject, edit } from '../recipe'
import { type Stack, waitFor } from '../stack'
import { test } from '../test'
import { findFaults, isOpenJob, untilSettled } from './oracle'
import { countSends, hurryHeartbeats, isFinal, signUpMany, until, untilHurried, updateJobs } from './steps'

/** Mails to people of these names are bad in some way. */
const PATCH = `
  if (user.name === 'Throw') throw new TypeError('This template is wrong')
  if (user.name === 'Half') user.email = '\\ud83d@example.com'
  if (user.name === 'Hang') await new Promise(() => {})
  if (user.name === 'Kill') process.kill(process.pid, 'SIGKILL')
  if (user.name === 'Stray') setTimeout(() => { throw new TypeError('nobody catches this') })
  if (user.name === 'Reject') void Promise.reject(new TypeError('nobody waits for this'))
`

/** A copy of this project in which some mails are poison. */
async function spoil(): Promise<string> {
  const folder = await copyProject(`test-results/poison-${test.info().parallelIndex}`)
  await edit(folder, 'lib/mail/message.ts', (text) =>
    text.replace(/^export async function writeMessage.*\n/m, (start) => start + PATCH),
  )
  return folder
}

/** Signs up a person of this name, and returns the id of their mail. */
async function signUpAs(stack: Stack, name: string): Promise<string> {
  const response = await postSignup({ name, email: newAddress() }, {}, stack.appUrl)
  return (await response.json()).welcomeEmail.id
}

async function readHealth(stack: Stack): Promise<Record<string, unknown>> {
  return await (await fetch(`${stack.appUrl}/api/health`)).json()
}

test('thirty mails whose template throws, among others: they fail alone, are told, and are redriven', {
  tag: '@long',
}, async ({ stack }) => {
  const folder = await spoil()
  const good = await signUpMany(stack, 20)
  const bad = await Promise.all(Array.from({ length: 30 }, (_, i) => signUpAs(stack, i ? 'Throw' : 'Half')))
  good.push(...(await signUpMany(stack, 20)))
  const worker = await stack.startWorkerOf(folder, { RETRY_MAX_SECONDS: '3' })
  for (const id of good)
    expect(await until(stack, id, isFinal)).toMatchObject({ status: 'delivered', attempts: 1 })
  const waiting = await until(stack, bad[0] ?? '', ({ status }) => status === 'retrying')
  expect(waiting.timeline.at(-1)).toMatchObject({ status: 'retrying', reason: 'template_failed' })
  expect(waiting.timeline.at(-1)?.retryAt).toBeDefined()
  await waitFor(async () => (await readHealth(stack)).attention === 'template_failed')

  await untilHurried(stack, async () => (await readHealth(stack)).failed === 30)
  for (const id of bad) {
    const { status, attempts, timeline } = await until(stack, id, isFinal)
    expect({ status, attempts, reason: timeline.at(-1)?.reason }).toEqual({
      status: 'failed',
      attempts: 0,
      reason: 'template_failed',
    })
  }
  const lines = worker.output().split('\n')
  for (const id of bad) {
    const own = lines.filter((line) => line.includes(id))
    const stacks = own.filter((line) =>
      /"stack":"(TypeError: This template is wrong|Error: A text has half an emoji.*)\\n {4}at writeMessage/.test(
        line,
      ),
    )
    expect(stacks).toHaveLength(1)
    expect(own.filter((line) => line.includes('"given up: '))).toHaveLength(1)
  }
  await untilSettled(stack)
  expect((await readHealth(stack)).attention).toBe(null)
  await worker.kill('SIGTERM')

  expect((await stack.redrive('--reason', 'template_failed')).output).toContain('30 of 30 put back')
  await stack.startWorker()
  await untilSettled(stack)
  expect(await findFaults(stack, [...good, ...bad])).toEqual([])
  expect((await until(stack, bad[0] ?? '', isFinal)).status).toBe('delivered')
})

test('a template that does not come to an end fails its own mail, and the batch goes without it', {
  tag: '@long',
}, async ({ stack }) => {
  const folder = await spoil()
  const [before = ''] = await signUpMany(stack, 1)
  const bad = await signUpAs(stack, 'Hang')
  const [after = ''] = await signUpMany(stack, 1)
  const worker = await stack.startWorkerOf(folder)
  for (const id of [before, after]) expect((await until(stack, id, isFinal)).status).toBe('delivered')
  const { timeline } = await until(stack, bad, ({ status }) => status === 'retrying')
  expect(timeline.at(-1)?.reason).toBe('template_failed')
  await worker.kill('SIGTERM')
})

for (const place of [0, 2]) {
  test(`a mail that kills its worker, in place ${place + 1} of 5: after three deaths alone, after six given up`, {
    tag: '@long',
  }, async ({ stack }) => {
    test.setTimeout(240_000)
    const folder = await spoil()
    const before = await signUpMany(stack, place)
    const bad = await signUpAs(stack, 'Kill')
    const good = [...before, ...(await signUpMany(stack, 4 - place))]
    let deaths = 0
    const isOver = async (): Promise<boolean> =>
      (await stack.query(`SELECT FROM "Email" WHERE id = $1 AND status = 'failed'`, [bad])).length > 0
    while (!(await isOver())) {
      // Several workers would die together, and the deaths over this mail could not be counted.
      const worker = await stack.startWorkerOf(folder).catch(() => undefined)
      await waitFor(async () => {
        await hurryHeartbeats(stack)
        await updateJobs(stack, 'start_after = now()', `state = 'retry'`)
        return !worker?.isRunning() || (await isOver())
      })
      if (!worker?.isRunning()) deaths++
      if (deaths === 3) expect(await stack.query('SELECT FROM "Email" WHERE deaths >= 3')).not.toEqual([])
      if (deaths !== 4) continue
      expect((await readHealth(stack)).attention).toBe('worker_died')
      const lines = stack.output().split('\n')
      expect(lines.find((line) => line.includes('3 workers died while rendering these mails'))).toContain(bad)
    }
    expect(deaths).toBe(6)
    // The last one lives, and had all the others sent before.
    for (const id of good) {
      expect(await until(stack, id, isFinal)).toMatchObject({ status: 'delivered' })
      // Asked again under the same key when a death, or a heartbeat that was made old, came during the attempt.
      expect((await countSends(stack, id)).accepted).toBe(1)
    }
    const { attempts, timeline } = await until(stack, bad, isFinal)
    expect({ attempts, last: timeline.at(-1)?.reason }).toEqual({ attempts: 0, last: 'worker_died' })
    await untilHurried(
      stack,
      async () => (await stack.query(`SELECT FROM pgboss.job WHERE ${isOpenJob}`)).length === 0,
    )
    expect(await findFaults(stack, [...good, bad])).toEqual([])

    // As docs/operations.md says: repair it, and then send what was given up.
    expect((await readHealth(stack)).attention).toBe(null)
    expect((await stack.redrive('--reason', 'worker_died')).output).toContain('1 of 1 put back')
    await stack.startWorker()
    await untilHurried(stack, async () => (await until(stack, bad, isFinal)).status === 'delivered')
    expect(await countSends(stack, bad)).toEqual({ calls: 1, accepted: 1 })
  })
}

test('a worker that dies while it waits for its turn says nothing about the mail', { tag: '@long' }, async ({
  stack,
}) => {
  await stack.command('pace', 'pause')
  const [id = ''] = await signUpMany(stack, 1)
  for (let death = 1; death <= 7; death++) {
    const worker = await stack.startWorker()
    await waitFor(async () => {
      await updateJobs(stack, 'start_after = now()', `state = 'retry'`)
      return (
        (await stack.query(`SELECT FROM pgboss.job WHERE name = 'send-email' AND state = 'active'`))
          .length === 1
      )
    })
    await worker.kill('SIGKILL')
    await hurryHeartbeats(stack)
  }
  await stack.command('pace', 'resume')
  await stack.startWorker()
  await untilHurried(stack, async () => (await until(stack, id, isFinal)).status === 'delivered')
  expect(await stack.query('SELECT FROM "Email" WHERE deaths > 0')).toEqual([])
})

test('a table is locked for longer than all patience, again and again: no mail counts that as a death', {
  tag: '@long',
}, async ({ stack }) => {
  const worker = await stack.startWorker()
  const [id = ''] = await (async () => {
    // As a statement that was given up would: the batch cannot be written down, and the worker lives.
    await stack.query(
      `CREATE FUNCTION refuse_batch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
         RAISE EXCEPTION 'canceling statement due to lock timeout' USING ERRCODE = '55P03';
       END $$;
       CREATE TRIGGER refuse_batch BEFORE INSERT ON "Batch" FOR EACH ROW EXECUTE FUNCTION refuse_batch()`,
    )
    return await signUpMany(stack, 1)
  })()
  await untilHurried(stack, async () => [...worker.output().matchAll(/send-email \w+ → failed/g)].length >= 8)
  await stack.query('DROP TRIGGER refuse_batch ON "Batch"; DROP FUNCTION refuse_batch()')
  await untilHurried(stack, async () => (await until(stack, id, isFinal)).status === 'delivered')
  expect(worker.output()).not.toContain('"stack"')
  expect(worker.output()).not.toContain('send-email-alone')
})

for (const [title, name, origin] of [
  ['an exception that nobody catches', 'Stray', 'uncaughtException'],
  ['a promise that nobody waits for', 'Reject', 'unhandledRejection'],
] as const) {
  test(`${title} ends the worker with one line of JSON and its stack, and exit code 1`, {
    tag: title.startsWith('a promise') ? '@long' : [],
  }, async ({ stack }) => {
    const folder = await spoil()
    const worker = await stack.startWorkerOf(folder)
    await signUpAs(stack, name)
    await waitFor(() => !worker.isRunning())
    expect(await worker.kill('SIGKILL')).toBe(1)
    const last = worker.output().trim().split('\n').at(-1) ?? ''
    expect(JSON.parse(last)).toMatchObject({
      level: 'fatal',
      msg: `The worker ends: ${origin}`,
      err: {
        name: 'TypeError',
        stack: expect.stringMatching(/^TypeError: nobody .*\n {4}at .*lib\/mail\/message\.ts:\d+/),
      },
    })
    await stack.startWorker()
    await untilHurried(
      stack,
      async () => (await stack.query(`SELECT FROM "Email" WHERE status = 'delivered'`)).length === 1,
    )
  })
}

test('a mail that waits to be sent alone needs attention only after three deaths', async ({ stack }) => {
  const { id } = await signUp(newAddress(), stack.appUrl)
  await stack.query(`UPDATE pgboss.job SET name = 'send-email-alone' WHERE data->>'emailId' = $1`, [id])
  expect((await readHealth(stack)).attention).toBeNull()
  await stack.query('UPDATE "Email" SET deaths = 3 WHERE id = $1', [id])
  await expect.poll(async () => (await readHealth(stack)).attention).toBe('worker_died')
})
