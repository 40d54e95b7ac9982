import { randomUUID } from 'node:crypto'
import { expect } from '@playwright/test'
import type { Stack } from '../stack'
import { test } from '../test'

/* The race belongs to the sandbox: what it must refuse, and what it must not leave behind. */

const RACE = '/api/sandbox/race'

function post(url: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(url + RACE, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
}

type Line = { person: number; account: boolean; emailId?: string; reason?: string }

async function readLines(response: Response): Promise<Line[]> {
  expect(response.headers.get('content-type')).toBe('application/x-ndjson; charset=utf-8')
  return (await response.text())
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
}

async function readMode(stack: Stack): Promise<string> {
  return (await (await stack.askProvider('/sandbox')).json()).mode
}

async function countUsers(stack: { query: <Row>(sql: string) => Promise<Row[]> }): Promise<number> {
  const [row] = await stack.query<{ count: number }>('SELECT count(*)::int FROM "User"')
  return row?.count ?? Number.NaN
}

test('each person gets a line, in either way; only the background way leaves an email to watch', async ({
  stack,
}) => {
  const inline = await readLines(await post(stack.appUrl, { way: 'mail-first', people: 20 }))
  expect(inline.map(({ person }) => person).sort((a, b) => a - b)).toEqual([...Array(20).keys()])
  for (const line of inline) expect(line).toEqual({ person: expect.any(Number), account: true })
  const other = await readLines(await post(stack.appUrl, { way: 'account-first', people: 1 }))
  expect(other).toEqual([{ person: 0, account: true }])
  const background = await readLines(await post(stack.appUrl, { way: 'background', people: 2 }))
  for (const { account, emailId } of background) {
    expect(account).toBe(true)
    expect((await fetch(`${stack.appUrl}/api/emails/${emailId}`)).status).toBe(200)
  }
  expect(await countUsers(stack)).toBe(23)
})

test('without the sandbox neither the page nor its routes exist', { tag: '@long' }, async ({ stack }) => {
  const { url } = await stack.startWeb({ env: { RESEND_API_KEY: 're_other' } })
  expect((await fetch(`${url}/race`)).status).toBe(404)
  expect((await post(url, { way: 'mail-first', people: 1 })).status).toBe(404)
  for (const method of ['GET', 'PUT', 'DELETE', 'OPTIONS']) {
    for (const path of ['', '/outage', `/events?ids=${randomUUID()}`]) {
      expect((await fetch(url + RACE + path, { method })).status, `${method} ${path}`).toBe(404)
    }
  }
  expect(await countUsers(stack)).toBe(0)
  expect(await readMode(stack)).toBe('ok')
})

test('foreign pages are refused', async ({ stack }) => {
  const headers = { origin: 'https://evil.example' }
  expect((await post(stack.appUrl, { way: 'mail-first', people: 1 }, headers)).status).toBe(403)
  for (const method of ['PUT', 'DELETE']) {
    expect((await fetch(`${stack.appUrl}${RACE}/outage`, { method, headers })).status).toBe(403)
  }
  expect(await countUsers(stack)).toBe(0)
  expect(await readMode(stack)).toBe('ok')
})

test('bad bodies are rejected without a signup', async ({ stack }) => {
  const bad: [number, unknown, Record<string, string>?][] = [
    [400, '{'],
    [415, {}, { 'content-type': 'text/plain' }],
    [413, { way: 'mail-first', people: 1, filler: 'x'.repeat(2_000) }],
    ...[
      null,
      {},
      { way: 'mail-first' },
      { way: 'both', people: 1 },
      ...[0, 21, 1.5, '1', -1].map((people) => ({ way: 'mail-first', people })),
      { way: 'mail-first', people: 1, more: true },
    ].map((body) => [422, body] as [number, unknown]),
  ]
  for (const [status, body, headers] of bad) {
    const response = await post(stack.appUrl, body, headers)
    expect(response.status, JSON.stringify(body)).toBe(status)
    expect(response.headers.get('content-type')).toBe('application/problem+json')
  }
  expect(await countUsers(stack)).toBe(0)
})

test('other methods are a 405 that names the right ones', async ({ stack }) => {
  const allowed = { '': 'POST', '/outage': 'PUT, DELETE', '/events': 'GET, HEAD' }
  for (const [path, allow] of Object.entries(allowed)) {
    for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']) {
      if (allow.includes(method)) continue
      const response = await fetch(stack.appUrl + RACE + path, { method })
      expect(response.status, `${method} ${path}`).toBe(405)
      expect(response.headers.get('allow')).toBe(allow)
    }
  }
})

test('the stream refuses ids that are none, too many, or unknown', async ({ stack }) => {
  const ids = (count: number): string => Array.from({ length: count }, () => randomUUID()).join(',')
  const bad = { '': 400, '?ids=': 400, '?ids=1': 400, [`?ids=${ids(21)}`]: 400, [`?ids=${ids(2)}`]: 404 }
  for (const [query, status] of Object.entries(bad)) {
    expect((await fetch(`${stack.appUrl}${RACE}/events${query}`)).status, query).toBe(status)
  }
})

test('the stream tells of all emails, and ends when all are final', async ({ stack }) => {
  const lines = await readLines(await post(stack.appUrl, { way: 'background', people: 3 }))
  const ids = lines.map(({ emailId }) => emailId)
  const response = await fetch(`${stack.appUrl}${RACE}/events?ids=${ids}`)
  await stack.startWorker()
  const text = await response.text()
  for (const id of ids) expect(text).toMatch(new RegExp(`"id":"${id}","status":"delivered"`))
})

test('an outage ends with its repair, or with a change of the weather', async ({ stack }) => {
  const outage = async (method: string): Promise<string> => {
    expect((await fetch(`${stack.appUrl}${RACE}/outage`, { method })).status).toBe(204)
    return readMode(stack)
  }
  await stack.setProvider({ mode: 'slow' })
  expect(await outage('DELETE')).toBe('slow')
  expect(await outage('PUT')).toBe('outage')
  expect(await outage('PUT')).toBe('outage')
  expect(await outage('DELETE')).toBe('slow')

  await outage('PUT')
  await stack.setProvider({ mode: 'rate-limit' })
  expect(await outage('DELETE')).toBe('rate-limit')
})

test('an outage without a repair ends by itself', async ({ stack }) => {
  const answer = await stack.askProvider('/sandbox', {
    method: 'PUT',
    body: JSON.stringify({ mode: 'outage', forMs: 300 }),
  })
  expect((await answer.json()).mode).toBe('outage')
  await expect.poll(() => readMode(stack)).toBe('ok')
})

test('a reader who leaves in the middle stops nothing and breaks nothing', { tag: '@long' }, async ({
  stack,
}) => {
  const { url, isRunning, output } = await stack.startWeb()
  await stack.setProvider({ latencyMs: 500 })
  const leaving = new AbortController()
  const response = await fetch(url + RACE, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ way: 'mail-first', people: 20 }),
    signal: leaving.signal,
  }).catch(() => undefined)
  leaving.abort()
  await response?.text().catch(() => {})
  await expect.poll(() => countUsers(stack)).toBe(20)
  expect(isRunning()).toBe(true)
  expect(output()).not.toContain('Invalid state')
})

test('a mail service that hangs and then hangs up: the inline signup fails, and no user is left', async ({
  stack,
}) => {
  const { calls } = await stack.setProvider({ mode: 'hang' })
  const answer = post(stack.appUrl, { way: 'mail-first', people: 1 })
  await expect.poll(async () => (await stack.setProvider({})).calls).toBe(calls + 1)
  await stack.setProvider({ mode: 'ok' })
  expect(await readLines(await answer)).toEqual([{ person: 0, account: false, reason: 'application_error' }])
  expect(await countUsers(stack)).toBe(0)
})

test('account first, and the mail service is down: an account, and a mail that is never sent', {
  tag: '@long',
}, async ({ stack }) => {
  const { accepted } = await stack.setProvider({ mode: 'outage' })
  expect(await readLines(await post(stack.appUrl, { way: 'account-first', people: 1 }))).toEqual([
    { person: 0, account: true, lostMail: 'service_unavailable' },
  ])
  expect(await countUsers(stack)).toBe(1)
  await stack.setProvider({ mode: 'ok' })
  await stack.startWorker()
  expect(await readLines(await post(stack.appUrl, { way: 'mail-first', people: 1 }))).toEqual([
    { person: 0, account: true },
  ])
  expect((await stack.setProvider({})).accepted).toBe(accepted + 1)
})
