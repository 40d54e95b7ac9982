import { expect } from '@playwright/test'
import { VERDICTS } from '../../lib/sending/outcome'
import { newAddress, signUp } from '../app'
import { sendForm } from '../pages/person'
import { waitFor } from '../stack'
import { test } from '../test'
import { findFaults, untilSettled } from './oracle'
import { type Reply, refuse, startRelay } from './relay'
import { countSends, holdReports, hurry, isFinal, makeDue, signUpMany, until } from './steps'

test('slow: a mail that takes eight seconds is sent once, at the first attempt', { tag: '@long' }, async ({
  stack,
}) => {
  await stack.setProvider({ mode: 'slow' })
  await stack.startWorker()
  const ids = await signUpMany(stack, 3)
  for (const id of ids)
    expect(await until(stack, id, isFinal)).toMatchObject({ status: 'delivered', attempts: 1 })
  expect(await findFaults(stack, ids)).toEqual([])
})

test('outage, then recovery: the ticket shows both, and one mail is sent', { tag: '@long' }, async ({
  stack,
  page,
}) => {
  await stack.startWorker()
  await stack.setProvider({ mode: 'outage' })
  await page.goto(stack.appUrl)
  const email = newAddress()
  await sendForm(page, email)
  await expect(page).toHaveURL(/\/tickets\//)
  const id = page.url().split('/').at(-1) ?? ''
  await expect(page.getByText('The mail service is down.').first()).toBeVisible()

  await stack.setProvider({ mode: 'ok' })
  await expect(page.getByText(/^delivered$/i).first()).toBeVisible()
  await page.goto(`${stack.appUrl}/inbox`) // stage
  await expect(page.getByText(email)).toHaveCount(1) // stage
  expect((await countSends(stack, id)).accepted).toBe(1)
})

test('its name does not resolve: tried again, and one mail is sent once it does', { tag: '@long' }, async ({
  stack,
}) => {
  const lost = await stack.startWorker({ RESEND_BASE_URL: 'http://nowhere.invalid' })
  const [id = ''] = await signUpMany(stack, 1)
  const { timeline } = await until(stack, id, ({ status }) => status === 'retrying')
  const failure = timeline.find(({ status }) => status === 'retrying')
  expect(failure).toMatchObject({ attempt: 1, reason: 'application_error' })
  expect(await lost.kill('SIGTERM')).toBe(0)
  const { attempts } = await until(stack, id, ({ status }) => status === 'retrying')
  await stack.startWorker()
  await makeDue(stack)
  expect(await until(stack, id, isFinal)).toMatchObject({ status: 'delivered', attempts: attempts + 1 })
  await untilSettled(stack)
  expect(await findFaults(stack, [id])).toEqual([])
})

test('rate limit: no attempt before the time that Resend asks for, and none used up', async ({ stack }) => {
  await stack.setProvider({ mode: 'rate-limit' })
  const { id } = await signUp(newAddress(), stack.appUrl)
  const worker = await stack.startWorker()
  await until(stack, id, ({ timeline }) => timeline.filter(({ status }) => status === 'retrying').length >= 2)
  await stack.setProvider({ mode: 'ok' })
  const { attempts, timeline } = await until(stack, id, isFinal)

  for (const [index, { status, reason, retryAt = '' }] of timeline.entries()) {
    if (status !== 'retrying') continue
    expect(reason).toBe('rate_limit_exceeded')
    // The sandbox says "retry-after: 2", some time after the attempt began. The worker knows Postgres's clock by half a
    // round trip.
    expect(Date.parse(retryAt) - Date.parse(timeline[index - 1]?.at ?? '')).toBeGreaterThan(1_900)
    expect(Date.parse(timeline[index + 1]?.at ?? '')).toBeGreaterThanOrEqual(Date.parse(retryAt))
  }
  await untilSettled(stack)
  expect(await countSends(stack, id)).toEqual({ calls: attempts, accepted: 1 })
  expect(worker.output()).not.toContain('again under the same key')
  expect(await findFaults(stack, [id])).toEqual([])
})

test('hang: given up after ten seconds, then tried again', { tag: '@long' }, async ({ stack }) => {
  await stack.setProvider({ mode: 'hang' })
  await stack.startWorker()
  const { id } = await signUp(newAddress(), stack.appUrl)
  const { timeline } = await until(stack, id, ({ status }) => status === 'retrying')
  const [sending, retrying] = timeline.slice(-2)
  expect(retrying?.reason).toBe('timeout')
  const seconds = (Date.parse(retrying?.at ?? '') - Date.parse(sending?.at ?? '')) / 1000
  expect(seconds).toBeGreaterThan(9.9)
  expect(seconds).toBeLessThan(30)

  await stack.setProvider({ mode: 'ok' })
  const { attempts } = await until(stack, id, isFinal)
  await untilSettled(stack)
  expect(attempts).toBeGreaterThan(1)
  expect(await countSends(stack, id)).toEqual({ calls: attempts, accepted: 1 })
  expect(await findFaults(stack, [id])).toEqual([])
})

test('garbage: an unreadable answer counts as none', { tag: '@long' }, async ({ stack }) => {
  await stack.setProvider({ mode: 'garbage' })
  await stack.startWorker({ RETRY_MAX_SECONDS: '0.1' })
  const { id } = await signUp(newAddress(), stack.appUrl)
  // Three kinds of garbage take turns: a web page, null, {}.
  await until(stack, id, ({ attempts }) => attempts > 3)
  await stack.setProvider({ mode: 'ok' })
  const { timeline } = await until(stack, id, isFinal)
  const reasons = timeline.flatMap(({ reason }) => reason ?? [])
  expect(new Set(reasons)).toEqual(new Set(['application_error', 'unreadable_answer']))
  await untilSettled(stack)
  expect(await findFaults(stack, [id])).toEqual([])
})

test('accepted, and the answer lost: the second attempt sends no second mail', async ({ stack }) => {
  // Else the reports would tell that it was sent before the worker tries again.
  const letReports = await holdReports(stack)
  await stack.setProvider({ mode: 'reset-after-accept' })
  const worker = await stack.startWorker()
  const { id } = await signUp(newAddress(), stack.appUrl)
  await until(stack, id, ({ status }) => status === 'retrying')
  expect((await countSends(stack, id)).accepted).toBe(1)
  await stack.setProvider({ mode: 'ok' })
  await until(stack, id, ({ status }) => status === 'sent')
  await letReports()
  const { attempts } = await until(stack, id, isFinal)
  await untilSettled(stack)
  expect(attempts).toBeGreaterThan(1)
  expect(await countSends(stack, id)).toEqual({ calls: attempts, accepted: 1 })
  expect(worker.output()).toContain('sending again under the same key')
  expect(await findFaults(stack, [id])).toEqual([])
})

test('accepted, and the answer lost: a report tells, and nothing is sent again', async ({ stack }) => {
  await using relay = await startRelay(stack, async (_, forward) => {
    await forward()
    // No second attempt comes before the report.
    await stack.query(`UPDATE "Pace" SET "pausedAt" = now()`)
    throw new Error('The answer is lost')
  })
  await stack.startWorker(relay.env)
  const { id } = await signUp(newAddress(), stack.appUrl)
  await until(stack, id, isFinal)
  await stack.query(`UPDATE "Pace" SET "pausedAt" = NULL`)
  await untilSettled(stack)
  expect(await countSends(stack, id)).toEqual({ calls: 1, accepted: 1 })
  expect(await findFaults(stack, [id])).toEqual([])
})

test('invalid: what cannot succeed is given up at once, with its reason', async ({ stack }) => {
  await stack.startWorker()
  await stack.setProvider({ mode: 'invalid' })
  const { id } = await signUp(newAddress(), stack.appUrl)
  const snapshot = await until(stack, id, isFinal)
  expect(snapshot).toMatchObject({ status: 'failed', attempts: 1 })
  expect(snapshot.timeline.at(-1)?.reason).toBe('validation_error')
  await untilSettled(stack)
  expect(await stack.query('SELECT FROM "Batch"')).toEqual([])
  expect(await findFaults(stack, [id])).toEqual([])
})

test('bad key: the log and /api/health shout, no mail is given up, and all goes out once it is repaired', async ({
  stack,
}) => {
  const readHealth = async () => (await fetch(`${stack.appUrl}/api/health`)).json()
  await expect.poll(readHealth).toMatchObject({ attention: null, paused: null, failed: 0 })
  await stack.setProvider({ mode: 'bad-key' })
  const worker = await stack.startWorker()
  const ids = await signUpMany(stack, 3)
  await expect.poll(readHealth).toMatchObject({
    attention: 'restricted_api_key',
    paused: { reason: 'restricted_api_key' },
    failed: 0,
    queued: 3,
  })
  expect(worker.output()).toContain('NO MAIL GOES OUT: restricted_api_key.')

  await stack.setProvider({ mode: 'ok' })
  await hurry(stack, () => untilSettled(stack))
  await expect.poll(readHealth).toMatchObject({ attention: null, paused: null, failed: 0, queued: 0 })
  for (const id of ids) expect((await countSends(stack, id)).accepted).toBe(1)
  expect(await findFaults(stack, ids)).toEqual([])
})

test('each refusal that only an operator can repair: health and log name it, no mail is given up, and all goes out after', {
  tag: '@long',
}, async ({ stack }) => {
  const rows = Object.entries(VERDICTS).filter(([, { kind }]) => kind === 'operator')
  expect(rows.length).toBeGreaterThan(10)
  let refusal: Reply | undefined
  await using relay = await startRelay(stack, (_, forward) => refusal ?? forward())
  const worker = await stack.startWorker(relay.env)
  for (const [row] of rows) {
    const [code = '', status = '403'] = row.split(' ')
    refusal = refuse(Number(status), code, {}, `This is ${row}.`)
    const { id } = await signUp(newAddress(), stack.appUrl)
    await expect
      .poll(async () => (await fetch(`${stack.appUrl}/api/health`)).json(), row)
      .toMatchObject({ attention: code, paused: { reason: code }, failed: 0, queued: 1 })
    await waitFor(() => worker.output().includes(`NO MAIL GOES OUT: ${code}. This is ${row}.`))

    refusal = undefined
    await makeDue(stack)
    await until(stack, id, ({ status }) => status === 'delivered')
    await expect
      .poll(async () => (await fetch(`${stack.appUrl}/api/health`)).json(), row)
      .toMatchObject({ attention: null, paused: null })
  }
})

const PAGE = { headers: { 'content-type': 'text/html' }, body: '<html>Request blocked</html>' }

for (const [title, reply, attention, sentence] of [
  [
    'an account in test mode',
    refuse(
      403,
      'validation_error',
      {},
      'You can only send testing emails to your own email address (owner@mail.example). Verify a domain.',
    ),
    'validation_error',
    'You can only send testing emails to your own email address (<address>). Verify a domain.',
  ],
  ['a firewall in front of Resend', { ...PAGE, status: 403 }, 'rejected_by_proxy', 'HTTP 403'],
  ['a proxy that takes no large request', { ...PAGE, status: 413 }, 'rejected_by_proxy', 'HTTP 413'],
  ['a wrong base URL', refuse(404, 'not_found', {}, 'No such endpoint.'), 'not_found', 'No such endpoint.'],
] as const) {
  test(`${title}: log and health say what to fix, and no attempt is used up`, async ({ stack }) => {
    let isRepaired = false
    await using relay = await startRelay(stack, (_, forward) => (isRepaired ? forward() : reply))
    const worker = await stack.startWorker(relay.env)
    const { id } = await signUp(newAddress(), stack.appUrl)
    const { timeline } = await until(stack, id, ({ status }) => status === 'retrying')
    expect(timeline.at(-1)).toMatchObject({ attempt: 1, reason: attention })
    expect(worker.output()).toContain(`NO MAIL GOES OUT: ${attention}. ${sentence}`)
    expect(worker.output()).not.toContain('owner@mail.example')
    const health = await (await fetch(`${stack.appUrl}/api/health`)).json()
    expect(health).toMatchObject({ attention, paused: { reason: attention }, failed: 0 })
    // No batch is in doubt: the mail goes out in a new one.
    expect(await stack.query('SELECT FROM "Batch"')).toEqual([])

    isRepaired = true
    await hurry(stack, () => untilSettled(stack))
    expect(await findFaults(stack, [id])).toEqual([])
  })
}

for (const [name, statuses] of [
  ['bounced', ['queued', 'sending', 'sent', 'bounced']],
  ['complained', ['queued', 'sending', 'sent', 'delivered', 'complained']],
  ['suppressed', ['queued', 'sending', 'sent', 'suppressed']],
] as const) {
  test(`${name}@resend.dev: the ticket ends with it`, async ({ stack }) => {
    await stack.startWorker()
    const address = `${name}+${newAddress().slice(0, 8)}@resend.dev`
    const { id } = await signUp(address, stack.appUrl)
    await waitFor(async () => (await until(stack, id, isFinal)).status === name)
    // The report may overtake the worker's own record that the mail was sent.
    await untilSettled(stack)
    const { timeline } = await until(stack, id, isFinal)
    expect(new Set(timeline.map(({ status }) => status))).toEqual(new Set(statuses))
    expect(await findFaults(stack, [id])).toEqual([])
  })
}
