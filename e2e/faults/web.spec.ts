import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { Agent, get, type IncomingMessage } from 'node:http'
import { expect } from '@playwright/test'
import { Client } from 'pg'
import { listRoutes } from '../../sandbox/routes'
import { newAddress, postSignup, readStream, signUp } from '../app'
import { findPort, isListening, query, startProcess, WEB_EXIT_CODES, waitFor } from '../stack'
import { test } from '../test'
import { findFaults, untilSettled } from './oracle'

test('SIGTERM with an open stream: the server ends the stream and stops', async ({ stack }) => {
  const web = await stack.startWeb()
  const { id } = await signUp(newAddress(), stack.appUrl)
  const stream = readStream(`${web.url}/api/emails/${id}/events`)
  expect((await stream.next()).value.status).toBe('queued')
  const started = Date.now()
  const code = await web.kill('SIGTERM')
  expect(Date.now() - started).toBeLessThan(10_000)
  expect(WEB_EXIT_CODES).toContain(code)
  expect((await stream.next()).done).toBe(true)
})

test('SIGTERM while the server starts and is asked already: it stops', async ({ stack }) => {
  const port = await findPort()
  let asking = true
  const clients = Array.from({ length: 4 }, async () => {
    while (asking) {
      await fetch(`http://localhost:${port}/api/health`)
        .then((response) => response.text())
        .catch(() => new Promise((resolve) => setTimeout(resolve, 10)))
    }
  })
  try {
    const web = await stack.startWeb({ port })
    // The signal itself ends it (null) until Next has its handler.
    expect([...WEB_EXIT_CODES, null]).toContain(await web.kill('SIGTERM'))
  } finally {
    asking = false
    await Promise.all(clients)
  }
})

test('in a worker of a cluster, where the primary listens, the web server starts and answers', async ({
  stack,
}) => {
  const port = await findPort()
  const program = `const cluster = require('node:cluster')
    const args = ['start', '-p', '${port}']
    cluster.setupPrimary({ exec: 'node_modules/next/dist/bin/next', args, execArgv: [] })
    cluster.fork()`
  const primary = await startProcess(['-e', program], /Ready in/, stack.env)
  expect((await fetch(`http://localhost:${port}/api/health/live`)).status).toBe(200)
  await primary.kill('SIGTERM')
})

test('a web server hangs: it does not say that it lives, and once it is restarted nothing is lost', {
  tag: '@long',
}, async ({ stack }) => {
  const web = await stack.startWeb()
  const isAlive = (): Promise<boolean> =>
    fetch(`${web.url}/api/health/live`, { signal: AbortSignal.timeout(1_000) }).then(
      ({ ok }) => ok,
      () => false,
    )
  const { id } = await signUp(newAddress(), web.url)
  await expect.poll(isAlive).toBe(true)
  process.kill(web.pid, 'SIGSTOP')
  expect(await isAlive()).toBe(false)
  const body = { name: 'Ada', email: newAddress() }
  const key = { 'idempotency-key': randomUUID() }
  const unanswered = postSignup(body, key, web.url).catch(() => undefined)

  // A supervisor sends SIGKILL, because SIGTERM does nothing for a process that hangs.
  await web.kill('SIGKILL')
  expect(await unanswered).toBeUndefined()
  await stack.startWeb({ port: web.port })
  await expect.poll(isAlive).toBe(true)
  const answer = await postSignup(body, key, web.url)
  expect(answer.status).toBe(201)
  const ticket = readStream(`${web.url}/api/emails/${id}/events`)
  expect((await ticket.next()).value.status).toBe('queued')
  await stack.startWorker()
  await untilSettled(stack)
  expect(await findFaults(stack, [id, (await answer.json()).welcomeEmail.id])).toEqual([])
})

test('SIGTERM while a proxy keeps an idle connection: what it sends through that is answered', async ({
  stack,
}) => {
  const web = await stack.startWeb()
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const ask = async (): Promise<IncomingMessage> => {
    const [answer] = await once(get(`${web.url}/api/health`, { agent }), 'response')
    return answer.resume()
  }
  const first = await ask()
  expect(first.headers.connection).toBe('keep-alive')
  await once(first, 'end')
  const ended = web.kill('SIGTERM')
  // New connections are rejected. A page would take a part of the second for which idle ones are kept.
  await waitFor(async () => !(await isListening(web.url)))
  const second = await ask()
  expect(second.statusCode).toBe(200)
  expect(second.headers.connection).toBe('close')
  expect(WEB_EXIT_CODES).toContain(await ended)
})

test('a missing queue is a 503, and nothing is half made', async ({ stack }) => {
  const email = newAddress()
  const { databaseUrl } = stack
  await query(databaseUrl, `ALTER TABLE pgboss.queue RENAME TO queue_away`)
  try {
    const response = await postSignup({ name: 'Ada', email }, {}, stack.appUrl)
    expect(response.status).toBe(503)
    expect(response.headers.get('retry-after')).toBe('5')
  } finally {
    await query(databaseUrl, `ALTER TABLE pgboss.queue_away RENAME TO queue`)
  }
  expect(await query(databaseUrl, `SELECT 1 FROM "User" WHERE email = $1`, [email])).toEqual([])
  expect((await postSignup({ name: 'Ada', email }, {}, stack.appUrl)).status).toBe(201)
})

test('a transaction that breaks at its last step leaves nothing behind', async ({ stack }) => {
  const { databaseUrl } = stack
  await query(
    databaseUrl,
    `CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no'; END $$;
     CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON "User" DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse()`,
  )
  const count = async () =>
    await query(
      databaseUrl,
      `SELECT (SELECT count(*) FROM "User") AS users, (SELECT count(*) FROM "Email") AS emails,
         (SELECT count(*) FROM "EmailEvent") AS events, (SELECT count(*) FROM pgboss.job) AS jobs`,
    )
  const before = await count()
  try {
    expect((await postSignup({ name: 'Ada', email: newAddress() }, {}, stack.appUrl)).status).toBe(503)
    expect(await count()).toEqual(before)
  } finally {
    await query(databaseUrl, `DROP TRIGGER refuse ON "User"; DROP FUNCTION refuse()`)
  }
})

test('killed after the commit, before the answer: asking again gives the same signup', async ({ stack }) => {
  // The commit has to wait for this lock, and goes on even if the web server that asked for it is gone.
  await stack.query(
    `CREATE FUNCTION wait_at_gate() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
       PERFORM pg_advisory_xact_lock(4711); RETURN NULL;
     END $$;
     CREATE CONSTRAINT TRIGGER wait_at_gate AFTER INSERT ON "User" DEFERRABLE INITIALLY DEFERRED
       FOR EACH ROW EXECUTE FUNCTION wait_at_gate()`,
  )
  const gate = new Client({ connectionString: stack.databaseUrl })
  await gate.connect()
  const web = await stack.startWeb()
  const body = { name: 'Ada', email: newAddress() }
  const headers = { 'idempotency-key': randomUUID() }
  try {
    await gate.query('SELECT pg_advisory_lock(4711)')
    const unanswered = expect(postSignup(body, headers, web.url)).rejects.toThrow('fetch failed')
    await waitFor(async () => {
      const locks = await stack.query(`SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted`)
      return locks.length === 1
    })
    await web.kill('SIGKILL')
    await unanswered
    expect(await stack.query('SELECT FROM "User"')).toEqual([])
    await gate.query('SELECT pg_advisory_unlock(4711)')
    await waitFor(async () => (await stack.query('SELECT FROM "User"')).length === 1)
  } finally {
    await gate.end()
    await stack.query('DROP TRIGGER wait_at_gate ON "User"; DROP FUNCTION wait_at_gate()')
  }

  const restarted = await stack.startWeb({ port: web.port })
  const answers = []
  for (const url of [restarted.url, stack.appUrl]) answers.push(await postSignup(body, headers, url))
  expect(answers.map(({ status }) => status)).toEqual([201, 201])
  const [first, second] = await Promise.all(answers.map((answer) => answer.json()))
  expect(second).toEqual(first)
  expect(await stack.query('SELECT state FROM pgboss.job')).toEqual([{ state: 'created' }])

  await stack.startWorker()
  await untilSettled(stack)
  expect(await findFaults(stack, [first.welcomeEmail.id])).toEqual([])
})

test('killed with open streams: the tickets go on with the next one', { tag: '@long' }, async ({
  stack,
  page,
}) => {
  const web = await stack.startWeb()
  const { id } = await signUp(newAddress(), stack.appUrl)
  await page.goto(`${web.url}/tickets/${id}`)
  await expect(page.getByText('waiting for a worker')).toBeVisible()
  await web.kill('SIGKILL')
  await expect(page.getByText('The connection is lost. We try again.')).toBeVisible()
  await stack.startWeb({ port: web.port })
  await stack.startWorker()
  await expect(page.getByText(/^delivered$/i).first()).toBeVisible()
  await expect(page.getByText('The connection is lost. We try again.')).toBeHidden()
})

test('behind https, the cookie of a session is for this host and https only', async ({ stack }) => {
  const web = await stack.startWeb({ env: { APP_URL: 'https://example.org' } })
  const response = await postSignup({ name: 'Ada', email: newAddress() }, {}, web.url)
  const [cookie = '', ...attributes] = (response.headers.get('set-cookie') ?? '').split('; ')
  expect(cookie).toMatch(/^__Host-session=[\w-]{43}\.[\w-]{43}$/)
  expect(attributes).toEqual(expect.arrayContaining(['Secure', 'HttpOnly', 'Path=/', 'SameSite=Lax']))
  const { welcomeEmail } = await response.json()
  const read = (cookie: string) =>
    fetch(`${web.url}/api/tickets/${welcomeEmail.id}/address`, {
      method: 'POST',
      headers: { cookie, 'content-type': 'application/json' },
      body: '{}',
    })
  expect((await read(cookie)).status).toBe(422)
  expect((await read(cookie.replace('__Host-', ''))).status).toBe(401)
})

test('other methods than GET and HEAD are a 405 of each page', async ({ stack }) => {
  const pages = (await listRoutes()).filter((path) => !path.startsWith('/api'))
  expect(pages).toContain('/tickets/none')
  const [file = ''] = /\/_next\/static\/[\w./~-]+\.js/.exec(await (await fetch(stack.appUrl)).text()) ?? []
  expect((await fetch(stack.appUrl + file)).status).toBe(200)
  for (const path of [...pages, '/robots.txt', '/icon.svg', '/none', file]) {
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND']) {
      const response = await fetch(stack.appUrl + path, { method })
      expect(response.status, `${method} ${path}`).toBe(405)
      expect(response.headers.get('allow')).toBe('GET, HEAD')
      expect(response.headers.get('content-type')).toBe('application/problem+json')
      expect(await response.json()).toMatchObject({ title: 'Method not allowed', status: 405 })
    }
  }
})

test('a range or a condition that does not hold is no error of the server', async ({ stack }) => {
  const page = await (await fetch(stack.appUrl)).text()
  const files = page.match(/\/_next\/static\/[\w./~-]+\.(js|css|woff2)/g) ?? []
  expect(files.length).toBeGreaterThan(2)
  for (const path of [...new Set(files), '/', '/icon.svg', '/robots.txt', '/api/health'])
    for (const headers of [
      { range: 'bytes=99999999-' },
      { range: 'bytes=5-1' },
      { 'if-match': '"x"' },
      { 'if-unmodified-since': 'Thu, 01 Jan 1970 00:00:00 GMT' },
    ] as Record<string, string>[]) {
      const { status } = await fetch(stack.appUrl + path, { headers })
      expect(status, `${path} ${JSON.stringify(headers)}`).toBeLessThan(500)
    }
})

test('what scanners send leaves nothing in the log', { tag: '@long' }, async ({ stack }) => {
  const web = await stack.startWeb({ env: { LOG_FORMAT: 'json' } })
  const form = (name: string): FormData => {
    const data = new FormData()
    data.append(name, 'x')
    return data
  }
  const rsc = { rsc: '1' }
  const trees = ['garbage', '%', '%7B%7D', '[]', '%5B%22%22%2C5%5D', 'null', 'x'.repeat(10_000)]
  const requests: [path: string, init: RequestInit][] = [
    ['/', { method: 'POST', body: form('a') }],
    ['/', { method: 'POST', body: form('$ACTION_ID_0') }],
    ['/', { method: 'POST', body: form('1_$ACTION_REF_1'), headers: { 'next-action': 'x' } }],
    ['/', { method: 'POST', body: '["$K1"]', headers: { 'next-action': 'a'.repeat(42) } }],
    [
      '/',
      {
        method: 'POST',
        body: '["$K1"]',
        headers: { 'next-action': '0', 'x-forwarded-host': 'evil.example' },
      },
    ],
    ['/', { method: 'POST', body: new URLSearchParams({ a: 'b' }) }],
    ['/', { method: 'POST', body: 'x', headers: { 'content-type': 'multipart/form-data' } }],
    ['/', { method: 'POST', body: 'x', headers: { 'next-resume': '1' } }],
    ['/tickets/none', { method: 'POST', body: form('a') }],
    ['/wp-login.php', { method: 'POST', body: form('a') }],
    ['/_next/static/x.js', { method: 'POST', body: form('a'), headers: { 'next-action': 'x' } }],
    ['/_next/data/x/index.json', {}],
    ['/api/users', { method: 'POST', body: form('a'), headers: { 'next-action': 'x' } }],
    ['/', { headers: { ...rsc, 'next-router-prefetch': '1', 'next-router-segment-prefetch': '/../x' } }],
    ['/', { headers: { ...rsc, 'next-url': '%%%', 'next-hmr-refresh': '1' } }],
    [
      '/',
      {
        headers: {
          'x-invoke-path': '/x',
          'x-invoke-status': '500',
          'x-invoke-error': '{',
          'x-nextjs-data': '1',
        },
      },
    ],
    ...trees.map((tree): [string, RequestInit] => [
      '/',
      { headers: { ...rsc, 'next-router-state-tree': tree } },
    ]),
  ]
  const { id } = await signUp(newAddress(), web.url)
  await waitFor(() => web.output().includes(id))
  const before = web.output()
  for (const [path, init] of requests) {
    const response = await fetch(web.url + path, init)
    expect(response.status, JSON.stringify([path, init])).toBeLessThan(500)
    await response.text()
  }
  // Lines about the requests above would stand before this signup's line.
  const last = await signUp(newAddress(), web.url)
  await waitFor(() => web.output().includes(last.id))
  const lines = web.output().slice(before.length).trim().split('\n')
  expect(lines).toEqual([expect.stringContaining(last.id)])
})
