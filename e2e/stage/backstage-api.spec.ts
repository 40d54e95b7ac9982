import { expect } from '@playwright/test'
import { app, readEvents } from '../app'
import { report } from '../faults/steps'
import type { Process, Stack, Web } from '../stack'
import { test as onSharedApp, test } from '../test'

const TOKEN = 'a-token-for-the-crew'

const toBasic = (password: string): string => `Basic ${Buffer.from(`anybody:${password}`).toString('base64')}`

/** A web server that sends real mail, as far as it knows. */
function startWeb(stack: Stack, env: Record<string, string> = {}): Promise<Web> {
  return stack.startWeb({ env: { RESEND_API_KEY: 're_real', ...env } })
}

function post(url: string, body: unknown, headers: Record<string, string> = {}, method = 'POST') {
  return fetch(url, {
    method,
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
}

async function readFirst(url: string, headers: Record<string, string> = {}): Promise<unknown> {
  for await (const { event, data } of readEvents(url, headers)) if (event === 'backstage') return data
}

test('outside the sandbox the crew needs the token, and there are no controls', async ({ stack }) => {
  const { url } = await startWeb(stack, { BACKSTAGE_TOKEN: TOKEN })
  const paths = ['/backstage', '/api/backstage/events', '/api/backstage/redrive']
  for (const path of paths) {
    for (const headers of [
      {},
      { authorization: toBasic('wrong') },
      { authorization: `Bearer ${TOKEN}` },
      { authorization: 'Basic' },
    ] as Record<string, string>[]) {
      const response = await fetch(url + path, { headers })
      expect(response.status, `${path} ${headers.authorization}`).toBe(401)
      expect(response.headers.get('www-authenticate')).toMatch(/^Basic realm=/)
      expect(response.headers.get('x-frame-options')).toBe('DENY')
    }
  }
  const authorization = toBasic(TOKEN)
  const page = await fetch(`${url}/backstage`, { headers: { authorization } })
  expect(page.status).toBe(200)
  expect(await page.text()).not.toContain('demo signup')
  expect(await readFirst(`${url}/api/backstage/events`, { authorization })).toMatchObject({
    now: { waiting: 0 },
    weather: null,
  })
  const redrive = await post(`${url}/api/backstage/redrive`, { id: 'all' }, { authorization })
  expect(await redrive.json()).toEqual({ emails: {} })

  const controls = [
    post(`${url}/api/sandbox/signups`, { count: 1 }, { authorization }),
    post(`${url}/api/sandbox/weather`, { mode: 'outage' }, { authorization }, 'PUT'),
  ]
  for (const response of await Promise.all(controls)) expect(response.status).toBe(404)
  expect(await stack.query('SELECT 1 FROM "User"')).toEqual([])
})

test('outside the sandbox and without a token there is no backstage', { tag: '@long' }, async ({ stack }) => {
  // The key of the sandbox is no secret: it opens nothing where mail leaves the computer.
  const { url } = await stack.startWeb({ env: { RESEND_BASE_URL: 'https://resend.example' } })
  for (const path of ['/backstage', '/api/backstage/events', '/inbox', '/race', '/api/sandbox/weather']) {
    const response = await fetch(url + path, { headers: { authorization: toBasic('') } })
    expect(response.status, path).toBe(404)
    expect(response.headers.get('www-authenticate')).toBeNull()
  }
  const redrive = await post(`${url}/api/backstage/redrive`, { id: 'all' })
  expect(redrive.status).toBe(404)
})

test('the other pages know nothing of the token', { tag: '@long' }, async ({ stack }) => {
  const { url } = await startWeb(stack, { BACKSTAGE_TOKEN: TOKEN })
  for (const path of ['/', '/api/health']) expect((await fetch(url + path)).status).toBe(200)
})

test('the first message is the whole picture, later ones tell what has changed', async ({ stack }) => {
  const messages = readEvents(`${stack.appUrl}/api/backstage/events`)
  const next = async (): Promise<Record<string, unknown>> => {
    for (;;) {
      const { value } = await messages.next()
      if (value?.event !== 'backstage') continue
      // The time of a signup may come a moment later than the signup.
      const { waitedMs, ...data } = value.data as Record<string, unknown>
      if (Object.keys(data).length > 0) return data
    }
  }
  const first = await next()
  expect(first).toEqual({
    now: { waiting: 0, working: 0, retrying: 0, failed: 0 },
    stranded: 0,
    failedJobs: {},
    remedies: {},
    sent: { total: 0, bounced: 0, perSecond: Array(60).fill(0) },
    times: null,
    paused: null,
    workers: [],
    latest: [],
    dead: [],
    weather: { mode: 'ok', latencyMs: 20, rateLimit: 0 },
    dots: [],
  })
  const answer = await post(`${stack.appUrl}/api/sandbox/signups`, { count: 1 })
  expect(answer.status).toBe(202)
  const { ids } = await answer.json()
  expect(await next()).toEqual({
    now: { waiting: 1, working: 0, retrying: 0, failed: 0 },
    latest: [{ id: ids[0], status: 'queued', attempts: 0, reason: null }],
    come: [[ids[0].slice(0, 8), 'queued', 1, null]],
  })
  await stack.query('DELETE FROM "User"')
  // Nothing announces a deletion: the next look finds it.
  expect(await next()).toMatchObject({ gone: [ids[0].slice(0, 8)], latest: [], now: { waiting: 0 } })
  await messages.return(undefined)
})

test('the reason beside a mail belongs to its status, not to a report that changed nothing', async ({
  stack,
}) => {
  const { ids } = await (await post(`${stack.appUrl}/api/sandbox/signups`, { count: 2 })).json()
  const [away = '', full = ''] = ids as string[]
  const bounce = { type: 'Transient' }
  for (const id of [away, full])
    await report(stack, 'email.bounced', { email_id: id, tags: { email_id: id }, bounce })
  await report(stack, 'email.delivered', { email_id: away, tags: { email_id: away } })
  await report(stack, 'email.bounced', { email_id: away, tags: { email_id: away }, bounce })
  await expect
    .poll(() => readFirst(`${stack.appUrl}/api/backstage/events`))
    .toMatchObject({
      latest: [
        { id: away, status: 'delivered', reason: null },
        { id: full, status: 'delayed', reason: 'transient' },
      ],
    })
})

test('a stream that opens later begins with the dots on their way', async ({ stack }) => {
  const { ids } = await (await post(`${stack.appUrl}/api/sandbox/signups`, { count: 3 })).json()
  // The data of a new stream may be 0.1 s old.
  await expect
    .poll(async () => {
      const { dots } = (await readFirst(`${stack.appUrl}/api/backstage/events`)) as { dots: string[][] }
      return dots.sort()
    })
    .toEqual(ids.map((id: string) => [id.slice(0, 8), 'queued', 1, null]).sort())
  // A crowd has no dots.
  await stack.query(
    `INSERT INTO "Email" ("userId", kind) SELECT id, 'welcome' FROM "User", generate_series(1, 200)`,
  )
  await expect
    .poll(() => readFirst(`${stack.appUrl}/api/backstage/events`))
    .toMatchObject({ dots: [], now: { waiting: 603 } })
})

test('a request is one dot at the desk of the worker that sends it, until it has been sent', {
  tag: '@long',
}, async ({ stack }) => {
  const address = `${stack.appUrl}/api/backstage/events`
  type Dots = [id: string, status: string, mails: number, worker: string | null][]
  const isBatch = ([, status, mails]: Dots[number]): boolean => status === 'sending' && mails > 20
  await post(`${stack.appUrl}/api/sandbox/signups`, { count: 30, typos: false })
  await stack.setProvider({ latencyMs: 5_000 })
  let worker: Process | undefined
  let batch: Dots[number] | undefined
  // One stream, opened before the worker starts: a later one might open when the batch has been sent.
  for await (const { event, data } of readEvents(address)) {
    if (event !== 'backstage') continue
    const { come = [], moves = [] } = data as { come?: Dots; moves?: Dots }
    worker ??= await stack.startWorker()
    const requests = come.filter(([, status]) => status === 'sending')
    // Each of the worker's four hands takes one mail, and the first whose turn comes takes the rest.
    expect(requests.length).toBeLessThanOrEqual(4)
    batch ??= requests.find(isBatch)
    const end = moves.find(([moved, status]) => moved === batch?.[0] && status === 'sent')
    // The mail service may have reported some before it answered.
    if (batch && end) expect(end[2]).toBeGreaterThan(batch[2] - 20)
    if (end) break
  }
  expect(batch?.[3]).toContain(`${worker?.pid}@`)
  await expect
    .poll(async () => ((await readFirst(address)) as { times: unknown }).times)
    .toMatchObject({ took: [expect.any(Number), expect.any(Number)] })
})

onSharedApp('foreign origins are refused', async () => {
  const { url } = app
  const headers = { origin: 'https://evil.example' }
  for (const response of [
    await post(`${url}/api/backstage/redrive`, { id: 'all' }, headers),
    await post(`${url}/api/sandbox/signups`, { count: 1 }, headers),
    await post(`${url}/api/sandbox/weather`, { mode: 'ok' }, headers, 'PUT'),
  ]) {
    expect(response.status).toBe(403)
    expect(response.headers.get('content-type')).toBe('application/problem+json')
  }
})

for (const [path, method, bodies] of [
  ['/api/backstage/redrive', 'POST', [{}, { id: 'x' }, { id: true }, { id: 'all', all: true }, null]],
  [
    '/api/sandbox/signups',
    'POST',
    [{}, { count: 0 }, { count: 101 }, { count: 1.5 }, { count: 1, x: 1 }, []],
  ],
  [
    '/api/sandbox/weather',
    'PUT',
    [{}, { mode: 'hail' }, { latencyMs: -1 }, { latencyMs: 1e9 }, { mode: 'ok', x: 1 }],
  ],
] as const) {
  onSharedApp(`${path}: bodies that are no good, and methods that don’t exist`, async () => {
    const url = app.url + path
    for (const body of bodies) {
      const response = await post(url, body, {}, method)
      expect(response.status, JSON.stringify(body)).toBe(422)
      expect(await response.json()).toMatchObject({ status: 422, errors: {} })
    }
    expect((await post(url, '{', {}, method)).status).toBe(400)
    expect((await post(url, '{}', { 'content-type': 'text/plain' }, method)).status).toBe(415)
    for (const wrong of ['DELETE', 'PATCH', 'GET']) {
      const response = await fetch(url, { method: wrong })
      expect(response.status, wrong).toBe(405)
      expect(response.headers.get('allow')).toBe(method)
    }
  })
}

onSharedApp('the stream answers HEAD, and refuses other methods', async () => {
  const url = `${app.url}/api/backstage/events`
  const head = await fetch(url, { method: 'HEAD' })
  expect(head.status).toBe(200)
  expect(head.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
  const response = await fetch(url, { method: 'POST' })
  expect(response.status).toBe(405)
  expect(response.headers.get('allow')).toBe('GET, HEAD')
})

test('a hundred demo signups are committed together, and leave together', { tag: '@long' }, async ({
  stack,
}) => {
  await stack.startWorker()
  const before = await stack.setProvider({})
  const answer = await post(`${stack.appUrl}/api/sandbox/signups`, { count: 100, typos: false })
  expect((await answer.json()).ids).toHaveLength(100)
  await expect.poll(async () => (await stack.setProvider({})).accepted).toBe(before.accepted + 100)
  expect((await stack.setProvider({})).calls).toBe(before.calls + 1)
})

test('a hundred that have waited for a worker leave together, too', { tag: '@long' }, async ({ stack }) => {
  const before = await stack.setProvider({})
  const answer = await post(`${stack.appUrl}/api/sandbox/signups`, { count: 100, typos: false })
  expect((await answer.json()).ids).toHaveLength(100)
  await stack.startWorker()
  await expect.poll(async () => (await stack.setProvider({})).accepted).toBe(before.accepted + 100)
  expect((await stack.setProvider({})).calls).toBe(before.calls + 1)
})
