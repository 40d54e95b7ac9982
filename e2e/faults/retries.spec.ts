import { expect } from '@playwright/test'
import { backoff, MAX_ATTEMPTS } from '../../lib/sending/outcome'
import { newAddress, signUp } from '../app'
import { waitFor } from '../stack'
import { test } from '../test'
import { findFaults, untilSettled } from './oracle'
import { countSends, holdReports, hurry, isFinal, limitAttempts, makeDue, signUpMany, until } from './steps'

const HOUR = 3_600_000

test('the delays grow to five minutes, with some chance in them', () => {
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
    const longest = Math.min(2 ** attempt, 300) * 1000
    const delays = Array.from({ length: 200 }, () => backoff(attempt))
    expect(Math.max(...delays)).toBeLessThanOrEqual(longest)
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(longest * 0.75)
    expect(new Set(delays).size).toBeGreaterThan(100)
  }
})

test('all attempts together take about four hours, well inside the day of the idempotency key', () => {
  const budgets = Array.from({ length: 100 }, () => {
    let total = 0
    for (let attempt = 1; attempt < MAX_ATTEMPTS; attempt++) total += backoff(attempt)
    return total
  })
  expect(Math.min(...budgets)).toBeGreaterThan(3.5 * HOUR)
  // Each attempt may take ten seconds more.
  expect(Math.max(...budgets) + MAX_ATTEMPTS * 10_000).toBeLessThan(5 * HOUR)
})

test('a long outage, scaled down: soon after it everything is sent, each mail once', {
  tag: '@long',
}, async ({ stack }) => {
  // One second stands for the five minutes between two late attempts.
  await stack.startWorker({ RETRY_MAX_SECONDS: '1' })
  const { calls: before } = await stack.setProvider({ mode: 'outage' })
  const ids = await signUpMany(stack, 20)
  await waitFor(async () => (await stack.setProvider({})).calls - before > 4)
  await stack.setProvider({ mode: 'ok' })
  const recovered = Date.now()
  for (const id of ids) {
    const { timeline } = await until(stack, id, isFinal)
    for (const { at, retryAt } of timeline) {
      if (retryAt) expect(Date.parse(retryAt) - Date.parse(at)).toBeLessThanOrEqual(1_050)
    }
    const sent = timeline.find(({ status }) => status === 'sent')
    // The longest delay, the next look into the queue, and the sending of twenty mails.
    expect(Date.parse(sent?.at ?? '') - recovered).toBeLessThan(10_000)
  }
  await untilSettled(stack)
  expect(await findFaults(stack, ids)).toEqual([])
})

test('what was first rendered is what is sent again, by another worker with another template', {
  tag: '@long',
}, async ({ stack }) => {
  const letReports = await holdReports(stack)
  // The provider keeps the first payload, and refuses another one under the same key.
  await stack.setProvider({ mode: 'reset-after-accept' })
  const first = await stack.startWorker()
  const { id } = await signUp(newAddress(), stack.appUrl)
  await until(stack, id, ({ status }) => status === 'retrying')
  expect(await first.kill('SIGTERM')).toBe(0)

  await stack.query(`UPDATE "User" SET name = 'Eve'`)
  await stack.setProvider({ mode: 'ok' })
  await stack.startWorker({ EMAIL_FROM: 'Another Sender <else@example.com>' })
  await makeDue(stack)
  await until(stack, id, ({ status }) => status === 'sent')
  await letReports()
  await until(stack, id, isFinal)
  expect(await countSends(stack, id)).toEqual({ calls: 2, accepted: 1 })

  const [email] = await stack.query<{ providerId: string }>('SELECT "providerId" FROM "Email"')
  const mail = await (await stack.askProvider(`/emails/${email?.providerId}`)).json()
  expect(mail).toMatchObject({
    text: expect.stringContaining('Welcome, Ada.'),
    from: expect.not.stringContaining('else'),
  })
  await untilSettled(stack)
  expect(await findFaults(stack, [id])).toEqual([])
})

test('while every attempt was refused, a repaired sender reaches the mail', async ({ stack }) => {
  await stack.setProvider({ mode: 'bad-key' })
  const first = await stack.startWorker()
  const { id } = await signUp(newAddress(), stack.appUrl)
  await until(stack, id, ({ status }) => status === 'retrying')
  expect(await first.kill('SIGTERM')).toBe(0)

  await stack.setProvider({ mode: 'ok' })
  await stack.startWorker({ EMAIL_FROM: 'Another Sender <else@example.com>' })
  await hurry(stack, () => until(stack, id, isFinal))
  const [email] = await stack.query<{ providerId: string }>('SELECT "providerId" FROM "Email"')
  const mail = await (await stack.askProvider(`/emails/${email?.providerId}`)).json()
  expect(mail.from).toBe('Another Sender <else@example.com>')
  await untilSettled(stack)
  expect(await findFaults(stack, [id])).toEqual([])
})

test('another payload under a used key is given up for a person to decide', { tag: '@long' }, async ({
  stack,
}) => {
  const letReports = await holdReports(stack)
  await stack.setProvider({ mode: 'reset-after-accept' })
  await stack.startWorker()
  const { id } = await signUp(newAddress(), stack.appUrl)
  await until(stack, id, ({ status }) => status === 'retrying')
  await stack.query(
    `UPDATE "Batch" SET messages = jsonb_set(messages::jsonb, '{0,subject}', '"Another"')::json`,
  )
  await stack.setProvider({ mode: 'ok' })
  await makeDue(stack)
  const { status, attempts, timeline } = await until(stack, id, isFinal)
  expect(status).toBe('failed')
  expect(timeline.at(-1)?.reason).toBe('invalid_idempotent_request')
  expect(attempts).toBeGreaterThan(1)
  expect(await countSends(stack, id)).toEqual({ calls: attempts, accepted: 1 })

  // It had been sent indeed, and in the end the ticket says so.
  await letReports()
  await until(stack, id, ({ status }) => status === 'delivered')
  await untilSettled(stack)
  expect(await findFaults(stack, [id])).toEqual([])
})

test('after the last attempt it is given up, with the reason of the last failure', async ({ stack }) => {
  await stack.setProvider({ mode: 'outage' })
  const { id } = await signUp(newAddress(), stack.appUrl)
  await stack.startWorker({ RETRY_MAX_SECONDS: '1' })
  const { attempts } = await until(stack, id, ({ status }) => status === 'retrying')
  await limitAttempts(stack, 2)
  const { status, timeline } = await until(stack, id, isFinal)
  expect(status).toBe('failed')
  expect(timeline.filter(({ status }) => status === 'sending').length).toBeGreaterThan(attempts)
  expect(timeline.at(-1)?.reason).toBe('service_unavailable')
  await untilSettled(stack)
  expect(await findFaults(stack, [id])).toEqual([])
})

for (const mode of ['bad-key', 'rate-limit']) {
  test(`${mode} at the last attempt: it is given up no sooner than by a real failure`, {
    tag: '@long',
  }, async ({ stack }) => {
    await stack.setProvider({ mode: 'outage' })
    const { id } = await signUp(newAddress(), stack.appUrl)
    await stack.startWorker({ RETRY_MAX_SECONDS: '1' })
    await until(stack, id, ({ status }) => status === 'retrying')
    await stack.setProvider({ mode })
    await limitAttempts(stack, 1)
    const { calls } = await countSends(stack, id)
    await waitFor(async () => {
      await makeDue(stack)
      return (await countSends(stack, id)).calls >= calls + 3
    })
    await until(stack, id, ({ status }) => status === 'retrying')
    await stack.setProvider({ mode: 'ok' })
    expect((await hurry(stack, () => until(stack, id, isFinal))).status).toBe('delivered')
    await untilSettled(stack)
    expect(await findFaults(stack, [id])).toEqual([])
  })
}

test('in doubt, and then refused: still in doubt, so exactly the same is sent again', {
  tag: '@long',
}, async ({ stack }) => {
  const letReports = await holdReports(stack)
  await stack.setProvider({ mode: 'reset-after-accept' })
  const first = await stack.startWorker()
  const { id } = await signUp(newAddress(), stack.appUrl)
  await until(stack, id, ({ status }) => status === 'retrying')
  for (const mode of ['rate-limit', 'bad-key']) {
    await stack.setProvider({ mode })
    const { version } = await until(stack, id, ({ status }) => status === 'retrying')
    await makeDue(stack)
    await until(stack, id, (now) => now.version > version + 1 && now.status === 'retrying')
  }
  expect(await first.kill('SIGTERM')).toBe(0)
  await stack.query(`UPDATE "User" SET name = 'Eve'`)
  await stack.setProvider({ mode: 'ok' })
  await stack.startWorker()
  await hurry(stack, () => until(stack, id, ({ status }) => status === 'sent'))
  expect((await countSends(stack, id)).accepted).toBe(1)
  await letReports()
  await untilSettled(stack)
  expect(await findFaults(stack, [id])).toEqual([])
})
