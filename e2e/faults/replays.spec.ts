import { randomUUID } from 'node:crypto'
import { expect } from '@playwright/test'
import { newAddress, postSignup, signUp } from '../app'
import { act, type Owner } from '../owner'
import { type Env, findPort, type Stack, type Web, waitFor } from '../stack'
import { test } from '../test'
import { findFaults, untilSettled } from './oracle'
import { closeGate, until } from './steps'

/** A web server as in production: a key of its own, and all limits at their defaults unless given. */
async function startWeb(stack: Stack, env: Env = {}): Promise<Web> {
  const port = await findPort()
  return await stack.startWeb({
    port,
    env: {
      APP_URL: `http://localhost:${port}`,
      RESEND_API_KEY: 're_production',
      TRUSTED_HOPS: '1',
      ...env,
    },
  })
}

type Answer = { status: number; text: string; cookie: string | null }
type Request = { name: string; email: string }

let visitors = 0
const newVisitor = (): string => `203.0.113.${++visitors % 250}`

/** The stack's own web server, which has no limits. */
const ownWeb = ({ appUrl }: Stack): Pick<Web, 'url'> => ({ url: appUrl })

async function post(web: Pick<Web, 'url'>, body: Request, key?: string): Promise<Answer> {
  const headers = { 'x-forwarded-for': newVisitor(), ...(key ? { 'idempotency-key': key } : {}) }
  const response = await postSignup(body, headers, web.url)
  return { status: response.status, text: await response.text(), cookie: response.headers.get('set-cookie') }
}

const newRequest = (): Request => ({ name: 'Ada', email: newAddress() })

function toOwner(web: Pick<Web, 'url'>, { email }: Request, { text, cookie }: Answer): Owner {
  const { user, welcomeEmail } = JSON.parse(text)
  return { id: welcomeEmail.id, userId: user.id, email, cookie: cookie?.split(';')[0] ?? '', url: web.url }
}

/** Returns how many mails are counted for each mailbox. */
async function countMails(stack: Stack): Promise<number[]> {
  const rows = await stack.query<{ points: number }>(
    `SELECT points FROM "RateLimit" WHERE key LIKE 'mailbox:%' AND points > 0`,
  )
  return rows.map(({ points }) => points)
}

test('the same request with the same key six times, one by one and at once: the same 201, and one mail', async ({
  stack,
}) => {
  const web = await startWeb(stack)
  const one = newRequest()
  const key = randomUUID()
  const first = await post(web, one, key)
  expect(first.status).toBe(201)
  for (let i = 0; i < 6; i++) expect(await post(web, one, key)).toEqual(first)

  // As many at once as a mailbox may get mails, and more.
  const many = newRequest()
  const manyKey = randomUUID()
  const answers = await Promise.all(Array.from({ length: 12 }, () => post(web, many, manyKey)))
  expect(answers.map(({ status }) => status)).toEqual(Array(12).fill(201))
  expect(new Set(answers.map(({ text }) => text)).size).toBe(1)
  expect(await countMails(stack)).toEqual([1, 1])
  expect(await stack.query('SELECT FROM "Email"')).toHaveLength(2)
  expect(await stack.query(`SELECT FROM pgboss.job WHERE name = 'send-email'`)).toHaveLength(2)
})

test('other data under a key, also data that fit the user as they are now: 422, and nothing is created', async ({
  stack,
}) => {
  const web = ownWeb(stack)
  const request = newRequest()
  const key = randomUUID()
  const first = await post(web, request, key)
  const owner = toOwner(web, request, first)
  const corrected = newAddress()
  await stack.query(`UPDATE "Email" SET status = 'bounced' WHERE id = $1`, [owner.id])
  expect((await act(owner, 'POST', 'address', { email: corrected })).status).toBe(202)

  // The first request gets its first answer again.
  const { cookie: _, ...same } = await post(web, request, key)
  expect(same).toEqual({ status: 201, text: first.text })
  for (const other of [
    { ...request, email: corrected },
    { ...request, name: 'Eve' },
    { ...request, email: newAddress() },
  ]) {
    const answer = await post(web, other, key)
    expect(answer.status).toBe(422)
    expect(answer.cookie).toBeNull()
  }
  expect(await stack.query('SELECT FROM "User"')).toHaveLength(1)
})

test('a repeat after an erasure, and while it is under way: 410, no user is created, no cookie', async ({
  stack,
}) => {
  const web = ownWeb(stack)
  const request = newRequest()
  const key = randomUUID()
  const owner = toOwner(web, request, await post(web, request, key))
  const expectGone = async (): Promise<void> => {
    const { status, cookie, text } = await post(web, request, key)
    expect(status).toBe(410)
    expect(cookie).toBeNull()
    expect(text).not.toContain(request.email)
    expect((await post(web, { ...request, name: 'Eve' }, key)).status).toBe(422)
  }
  expect((await act(owner, 'POST', 'erasure')).status).toBe(202)
  await expectGone()

  // A worker is in the middle of the erasure.
  const gate = await closeGate(stack, `SELECT FROM "EmailEvent" FOR UPDATE`)
  await stack.startWorker()
  await stack.query('UPDATE pgboss.job SET start_after = now()')
  await gate.untilReached('DELETE')
  const during = post(web, request, key)
  await gate.open()
  expect((await during).status).toBe(410)
  await waitFor(async () => (await stack.query('SELECT FROM "User"')).length === 0)
  await expectGone()

  // The row that is kept for a day says nothing about the user. Then the key is forgotten.
  const [row] = await stack.query<{ hash: string; hours: number }>(
    `SELECT hash, extract(epoch FROM until - now()) / 3600 AS hours FROM "SpentKey"`,
  )
  expect(row?.hash).toMatch(/^[\w-]{43}$/)
  expect(Number(row?.hours)).toBeCloseTo(24, 1)
  await stack.query(`UPDATE "SpentKey" SET until = now() - interval '1 second'`)
  expect((await post(web, request, key)).status).toBe(201)
})

test('repeats that meet an erasure: each is answered 201 or 410, and no user is created again', {
  tag: '@long',
}, async ({ stack }) => {
  const web = ownWeb(stack)
  await Promise.all([stack.startWorker(), stack.startWorker()])
  const meet = async (): Promise<number[]> => {
    const request = newRequest()
    const key = randomUUID()
    const first = await post(web, request, key)
    const owner = toOwner(web, request, first)
    const statuses: number[] = []
    let isGone = false
    const repeat = async (): Promise<void> => {
      while (!isGone) {
        const { status, text, cookie } = await post(web, request, key)
        // On a busy computer, the server sheds load.
        if (status === 503) continue
        statuses.push(status)
        if (status === 201) expect(text).toBe(first.text)
        else expect([status, cookie]).toEqual([410, null])
      }
    }
    const repeats = [repeat(), repeat(), repeat()]
    const { status } = await act(owner, 'POST', 'erasure')
    expect([202, 204]).toContain(status)
    await stack.query(`UPDATE pgboss.job SET start_after = now() WHERE name = 'erase-user'`)
    await waitFor(
      async () => (await stack.query('SELECT FROM "User" WHERE id = $1', [owner.userId])).length === 0,
    )
    isGone = true
    await Promise.all(repeats)
    await expect.poll(async () => (await post(web, request, key)).status).toBe(410)
    return statuses
  }
  const statuses = (await Promise.all(Array.from({ length: 5 }, meet))).flat()
  expect(statuses).toContain(410)
  expect(await stack.query('SELECT FROM "User"')).toEqual([])
  expect(await stack.query('SELECT FROM "Session"')).toEqual([])
})

test('a mailbox’s limit counts what commits: conflicts, failures and repeats are given back', {
  tag: '@long',
}, async ({ stack }) => {
  const web = await startWeb(stack, { LIMIT_MAILS_PER_MAILBOX: '2' })
  const [local = ''] = newAddress().split('@')
  const spell = (label: string): Request => ({ name: 'Ada', email: `${local}+${label}@example.com` })
  const [first, second, third] = [spell('1'), spell('2'), spell('3')]
  const keys = [randomUUID(), randomUUID(), randomUUID()]
  const answer = await post(web, first, keys[0])
  expect(answer.status).toBe(201)
  for (let i = 0; i < 3; i++) expect((await post(web, first)).status, 'taken').toBe(409)
  for (let i = 0; i < 3; i++) expect((await post(web, { ...second, name: '' })).status, 'invalid').toBe(422)
  for (let i = 0; i < 3; i++) expect((await post(web, second, keys[0])).status, 'used key').toBe(422)
  await stack.query('ALTER TABLE "EmailEvent" RENAME TO away')
  for (let i = 0; i < 3; i++) expect((await post(web, second, keys[1])).status, 'failed').toBe(503)
  await stack.query('ALTER TABLE away RENAME TO "EmailEvent"')
  for (let i = 0; i < 3; i++) expect((await post(web, first, keys[0])).text).toBe(answer.text)
  expect(await countMails(stack)).toEqual([1])

  const last = await post(web, second, keys[1])
  expect(last.status).toBe(201)
  expect(await countMails(stack)).toEqual([2])
  for (let i = 0; i < 3; i++) expect((await post(web, third, keys[2])).status, 'one too many').toBe(429)
  expect((await post(web, third)).status).toBe(429)
  // The limit is reached, and a repeat is answered all the same.
  expect((await post(web, first, keys[0])).text).toBe(answer.text)
  expect((await post(web, second, keys[1])).text).toBe(last.text)
  expect(await countMails(stack)).toEqual([2])
  expect(await stack.query('SELECT FROM "User"')).toHaveLength(2)
})

const HALVES: Record<string, string> = {
  'the mail': 'DELETE FROM "Email"; DELETE FROM pgboss.job',
  'the first event and the job': 'DELETE FROM "EmailEvent"; DELETE FROM pgboss.job',
  'the job': 'DELETE FROM pgboss.job',
}
for (const [part, sql] of Object.entries(HALVES)) {
  test(`a half that lacks ${part} is finished by the next request with its key: 201, and one mail`, async ({
    stack,
  }) => {
    const web = ownWeb(stack)
    const request = newRequest()
    const key = randomUUID()
    expect((await post(web, request, key)).status).toBe(201)
    await stack.query(sql)
    // Several at once, and later the same again.
    const answers = await Promise.all(Array.from({ length: 4 }, () => post(web, request, key)))
    answers.push(await post(web, request, key))
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1)
    const { id } = JSON.parse(answers[0]?.text ?? '').welcomeEmail
    await stack.startWorker()
    await until(stack, id, ({ status }) => status === 'delivered')
    await untilSettled(stack)
    expect(await findFaults(stack, [id])).toEqual([])
  })
}

test('a repeat says nothing new of a mail that was sent long ago', { tag: '@long' }, async ({ stack }) => {
  const web = ownWeb(stack)
  const request = newRequest()
  const key = randomUUID()
  const { text } = await post(web, request, key)
  await stack.startWorker()
  const { id } = JSON.parse(text).welcomeEmail
  await until(stack, id, ({ status }) => status === 'delivered')
  expect((await post(web, request, key)).text).toBe(text)
  expect(await stack.query(`SELECT FROM pgboss.job WHERE name = 'send-email'`)).toHaveLength(1)
  await signUp(newAddress(), stack.appUrl)
})
