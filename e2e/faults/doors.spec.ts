import { fork } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { Agent, type ClientRequest, type IncomingMessage, request } from 'node:http'
import { connect, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { expect } from '@playwright/test'
import { listRoutes } from '../../sandbox/routes'
import { newAddress, postSignup, signUp } from '../app'
import { signUpOwner } from '../owner'
import { type Env, findPort, type Stack, type Web, waitFor } from '../stack'
import { test } from '../test'
import { countStatements } from './statements'
import { closeGate } from './steps'

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND']

/** Paths that Next adds to our files, and paths that might trick it. */
const OTHERS = [
  ...[
    '/robots.txt',
    '/icon.svg',
    '/favicon.ico',
    '/opengraph-image.png',
    '/none',
    '/%',
    '//none',
    '/api',
    '/API/health',
  ],
  ...[
    '/_next',
    '/_next/x',
    '/_next/image?url=/icon.svg&w=64&q=75',
    '/_next/data/x/index.json',
    '/_next/webpack-hmr',
    '/_next/static/none',
    '/_global-error',
    '/%5fglobal-error',
  ],
  ...[
    '/api/health/',
    '/api/health/none',
    '/api/health%2flive',
    '/x/../api/health',
    '/./_global-error',
    '/x/%2e%2e/_global-error',
    '/_next/static/../x',
    '/__nextjs_source-map',
  ],
]

const agent = new Agent({ keepAlive: true, maxSockets: 20 })

/** Asks with any method and any headers, which `fetch` does not allow, and closes a stream as soon as it begins. */
async function ask(
  web: Web,
  method: string,
  path: string,
  headers: Record<string, string>,
): Promise<IncomingMessage> {
  const asking = request({ port: web.port, method, path, headers, agent })
  let response: IncomingMessage
  try {
    ;[response] = await once(asking.end(), 'response')
  } catch (error) {
    // The server has closed the connection at this moment, because nothing came over it for some seconds.
    if (asking.reusedSocket && (error as NodeJS.ErrnoException).code === 'ECONNRESET')
      return await ask(web, method, path, headers)
    throw error
  }
  if (response.headers['content-type']?.startsWith('text/event-stream')) response.destroy()
  return response.resume()
}

/** A web server behind one proxy. */
async function startWeb(stack: Stack, env: Env): Promise<Web> {
  const port = await findPort()
  const web = await stack.startWeb({
    port,
    env: { TRUSTED_HOPS: '1', APP_URL: `http://localhost:${port}`, LOG_FORMAT: 'json', ...env },
  })
  // While the server starts, it counts visitors and rejects none.
  await fetch(`${web.url}/api/health`)
  return web
}

test('each request is counted, whatever its method and its path', async ({ stack }) => {
  const web = await startWeb(stack, { LIMIT_REQUESTS_PER_VISITOR: '1' })
  const routes = await listRoutes()
  expect(routes).toContain('/api/emails/none/events')
  const uncounted: string[] = []
  let visitors = 0
  const judge = async (method: string, path: string, more: Record<string, string> = {}): Promise<void> => {
    const number = ++visitors
    const headers = { 'x-forwarded-for': `10.1.${number >> 8}.${number & 255}`, ...more }
    const first = await ask(web, method, path, headers)
    expect(first.statusCode, `${method} ${path}`).not.toBe(429)
    expect(first.statusCode, `${method} ${path}`).not.toBe(500)
    const second = await ask(web, method, path, headers)
    if (second.statusCode !== 429) uncounted.push(`${method} ${path}`)
    else expect(second.headers['content-type']).toBe('application/problem+json')
  }
  const upgrade = { connection: 'Upgrade', upgrade: 'websocket' }
  for (const path of [...routes, ...OTHERS]) {
    await Promise.all(METHODS.map((method) => judge(method, path)))
    await judge('GET', path, upgrade)
  }
  // Files have a limit of their own: see below.
  const probes = ['/api/health/live', '/api/health', '/_next/static/none'].flatMap((path) => [
    `GET ${path}`,
    `HEAD ${path}`,
    `GET ${path}`,
  ])
  expect(uncounted.sort()).toEqual([...probes, 'POST /api/webhooks/resend'].sort())

  // Files have a higher limit, which is enforced, too.
  const html = await (await fetch(web.url, { headers: { 'x-forwarded-for': '10.2.0.1' } })).text()
  const file = /\/_next\/static\/[^"]+\.js/.exec(html)?.[0] ?? ''
  const statuses: (number | undefined)[] = []
  for (let i = 0; i < 21; i++)
    statuses.push((await ask(web, 'GET', file, { 'x-forwarded-for': '10.2.0.2' })).statusCode)
  expect(new Set(statuses.slice(0, 20))).toEqual(new Set([200]))
  expect(statuses[20]).toBe(429)
})

test('upgrades, what Next makes up, and made-up cookies cost nothing that others need', {
  tag: '@long',
}, async ({ stack }) => {
  const gate = await countStatements(stack.databaseUrl)
  const web = await startWeb(stack, {
    DATABASE_URL: gate.databaseUrl,
    LIMIT_REQUESTS_PER_VISITOR: '50',
    LIMIT_STREAMS_PER_TICKET: '1',
    LIMIT_CONNECTIONS: '150',
  })
  const owner = await signUpOwner(stack.appUrl)
  // macOS has no /proc.
  const countDescriptors = (): number =>
    process.platform === 'linux' ? readdirSync(`/proc/${web.pid}/fd`).length : 0
  const signUpOther = (): Promise<Response> =>
    postSignup({ name: 'Ada', email: newAddress() }, { 'x-forwarded-for': '10.3.0.1' }, web.url)
  expect((await signUpOther()).status).toBe(201)
  const logged = async (): Promise<number> => {
    const { id } = await signUp(newAddress(), web.url)
    await waitFor(() => web.output().includes(id))
    return web.output().trim().split('\n').length
  }
  const descriptors = countDescriptors()
  const statements = gate.count()
  const lines = await logged()
  const perSignup = gate.count() - statements

  const visitor = (): string => '10.3.0.2'
  let subnets = 0
  const network = (): string => `2001:db8:7:${(subnets++).toString(16)}::1`
  for (const from of [visitor, network]) {
    const flood = async (act: (from: string) => Promise<unknown>): Promise<void> => {
      for (let i = 0; i < 15; i++) await Promise.all(Array.from({ length: 20 }, () => act(from())))
    }
    await test.step('upgrades', async () => {
      await flood(async (from) => {
        const socket = connect(web.port, '127.0.0.1')
        socket.on('error', () => {})
        socket.write(
          `GET /none HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nX-Forwarded-For: ${from}\r\n\r\n`,
        )
        await once(socket, 'data')
        socket.destroy()
      })
      await waitFor(() => countDescriptors() <= descriptors + 5)
    })
    await test.step('what Next makes up', async () => {
      const stream = encodeURIComponent(`/api/emails/${owner.id}/events`)
      await flood((from) =>
        ask(web, 'GET', `/_next/image?url=${stream}&w=64&q=75`, { 'x-forwarded-for': from }),
      )
      await flood((from) => ask(web, 'GET', '/_next/x', { 'x-forwarded-for': from }))
      // The only stream that this ticket may have is still free.
      const own = await ask(web, 'GET', `/api/emails/${owner.id}/events`, { 'x-forwarded-for': '10.3.0.3' })
      expect(own.statusCode).toBe(200)
      own.destroy()
    })
    await test.step('made-up cookies', async () => {
      const before = gate.count()
      const cookie = `session=${'a'.repeat(43)}.${'b'.repeat(43)}`
      const origin = web.url
      await flood((from) =>
        ask(web, 'POST', `/api/tickets/${owner.id}/erasure`, { cookie, origin, 'x-forwarded-for': from }),
      )
      await flood((from) => ask(web, 'DELETE', '/api/session', { cookie, origin, 'x-forwarded-for': from }))
      await flood((from) =>
        ask(web, 'GET', `/api/emails/${randomUUID()}`, { cookie, 'x-forwarded-for': from }),
      )
      // Only the process's own statements now and then, and the reads that a visitor may make.
      expect(gate.count() - before).toBeLessThan(10)
    })
    expect((await signUpOther()).status).toBe(201)
  }
  // One line for each limit that was reached, and one for each signup.
  expect((await logged()) - lines).toBeLessThanOrEqual(5)
  expect(perSignup).toBeLessThan(40)
  gate.close()
})

test('requests of a network wait for each other, and others do not wait for them', { tag: '@long' }, async ({
  stack,
}) => {
  const web = await startWeb(stack, { LIMIT_CONCURRENCY_PER_VISITOR: '2' })
  const signUpFrom = (from: string): Promise<Response> =>
    postSignup({ name: 'Ada', email: newAddress() }, { 'x-forwarded-for': from }, web.url)
  const countRunning = async (): Promise<number> =>
    (await stack.query(`SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock'`)).length

  for (const [network, most, toAddress] of [
    ['a visitor', 2, () => '10.4.0.1'],
    ['a /56', 2, (i: number) => `2001:db8:1:${(i & 255).toString(16)}::1`],
    ['a /48', 4, (i: number) => `2001:db8:2:${((i << 8) & 0xffff).toString(16)}::1`],
  ] as const) {
    await test.step(network, async () => {
      const { id, cookie } = await signUpOwner(web.url)
      await using lock = await closeGate(stack, 'SELECT FROM "User" FOR UPDATE')
      const answers: IncomingMessage[] = []
      // Each waits for the lock as soon as it runs. Fifty times as many may wait, and five are too many.
      const unanswered = new Set<ClientRequest>()
      for (let i = 0; i < most * 51 + 5; i++) {
        const asking = request({
          port: web.port,
          method: 'POST',
          path: `/api/tickets/${id}/erasure`,
          headers: { cookie, 'x-forwarded-for': toAddress(i) },
          agent: false,
        })
        asking.on('response', (answer) => unanswered.delete(asking) && answers.push(answer.resume()))
        unanswered.add(asking.on('error', () => {}).end())
      }
      await waitFor(async () => answers.length === 5 && (await countRunning()) === most)
      const refused = answers.splice(0)
      for (const { statusCode, headers } of refused)
        expect([statusCode, headers.connection, headers['retry-after']]).toEqual([429, 'close', '1'])

      // 503: the process was busy with the crowd for a moment.
      await waitFor(async () => (await signUpFrom(`10.5.0.${most}`)).status === 201)
      // A visitor's probes wait for each other only.
      const probe = (): Promise<IncomingMessage> =>
        ask(web, 'GET', '/api/health/live', { 'x-forwarded-for': toAddress(0) })
      const probes = await Promise.all(Array.from({ length: 20 }, probe))
      for (const { statusCode } of probes) expect(statusCode).toBe(200)
      expect(await countRunning()).toBe(most)

      // Some leave while they run, and some while they wait.
      for (const [i, asking] of [...unanswered].entries())
        if (i % 4 === 0 && unanswered.delete(asking)) asking.destroy()
      await lock.open()
      await waitFor(() => unanswered.size === 0)
      for (const { statusCode } of answers) expect(statusCode).toBe(202)
      expect((await signUpFrom(toAddress(0))).status).toBe(201)
    })
  }
})

/** Starts a small server behind the door, and returns its port. It ends with the test. */
async function startGuarded(env: Env): Promise<{ port: number; stop(): void }> {
  const server = fork('e2e/faults/guarded-server.ts', {
    execArgv: ['--import', 'tsx'],
    env: { ...process.env, TRUSTED_HOPS: '1', ...env },
  })
  const [port] = (await once(server, 'message')) as [number]
  return { port, stop: () => server.disconnect() }
}

/** Asks a small server for a path as this visitor. Returns the body. */
async function askGuarded(port: number, path: string, from: string): Promise<string> {
  const asking = request({ port, path, headers: { 'x-forwarded-for': from }, agent: false })
  return await text((await once(asking.end(), 'response'))[0])
}

test('requests of a network wait for each other, also when they are answered at once', {
  tag: '@long',
}, async () => {
  const flood = async (env: Env, path: string, toAddress: (i: number) => string): Promise<number> => {
    const server = await startGuarded(env)
    const asked = Array.from({ length: 100 }, (_, i) => askGuarded(server.port, path, toAddress(i)))
    const counts = (await Promise.all(asked)).map(Number)
    server.stop()
    return Math.max(...counts)
  }
  const four = { LIMIT_CONCURRENCY_PER_VISITOR: '4' }
  const toSubnet = (i: number): string => `2001:db8:8:${(i << 8).toString(16)}::1`
  expect(await flood(four, '/quick', () => '10.9.0.1')).toBeLessThanOrEqual(4)
  expect(await flood(four, '/idle', () => '10.9.0.1')).toBe(4)
  expect(await flood(four, '/idle', toSubnet)).toBe(8)
  expect(await flood({ LIMIT_CONCURRENCY_PER_VISITOR: '0' }, '/idle', toSubnet)).toBeGreaterThan(8)
})

test('a query with many parameters is not read', { tag: '@long' }, async ({ stack }) => {
  const web = await startWeb(stack, {})
  for (const path of [...(await listRoutes()), ...OTHERS.filter((path) => !/[?]|global-error/.test(path))]) {
    const [few, many] = [99, 100].map((times) => ask(web, 'GET', `${path}?${'a=b&'.repeat(times)}`, {}))
    expect((await many)?.statusCode, path).toBe(414)
    expect((await few)?.statusCode, path).not.toBe(414)
  }
})

test('requests of a connection run one after the other, and what a client has left is closed', async () => {
  const server = await startGuarded({})
  const connectWith = (path: string, times: number): Socket => {
    const socket = connect(server.port, '127.0.0.1').on('error', () => {})
    socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 10.8.0.1\r\n\r\n`.repeat(times))
    return socket
  }
  const countOpen = async (): Promise<number> => Number(await askGuarded(server.port, '/open', '10.8.0.2'))
  const streams = connectWith('/stream', 10)
  await once(streams, 'data')
  expect(await countOpen()).toBe(1)
  streams.destroy()
  await waitFor(async () => (await countOpen()) === 0)

  // In the order of the requests, as if they had come one by one.
  const answers = connectWith('/idle', 10)
  let heard = ''
  answers.on('data', (chunk) => (heard += chunk))
  await waitFor(() => heard.match(/HTTP\/1\.1 200/g)?.length === 10)
  await waitFor(() => heard.match(/\r\n\r\n\d/g)?.length === 10)
  expect(heard.match(/\r\n\r\n\d+/g)).toEqual(Array(10).fill('\r\n\r\n1'))
  answers.destroy()

  // Browsers and proxies send fewer.
  await once(connectWith('/idle', 100).resume(), 'close')
  server.stop()
})

test('a client that does not read its answer is cut off', { tag: '@long' }, async () => {
  // Node needs up to four minutes.
  test.setTimeout(360_000)
  const server = await startGuarded({})
  const socket = connect(server.port, '127.0.0.1').on('error', () => {})
  socket.write('GET /large HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 10.8.0.3\r\n\r\n')
  const isOpen = async (): Promise<boolean> => (await askGuarded(server.port, '/open', '10.8.0.2')) === '1'
  await waitFor(isOpen)
  await waitFor(async () => !(await isOpen()))
  socket.destroy()
  server.stop()
})

test('a connection without a request, and a request that comes a byte a second, are cut off', {
  tag: '@long',
}, async ({ stack }) => {
  const web = await startWeb(stack, {})
  /** @returns what was answered, and after how many seconds the connection was closed */
  const dribble = async (line: string, rest = ''): Promise<{ status: number; seconds: number }> => {
    const start = performance.now()
    const socket = connect(web.port, '127.0.0.1').on('error', () => {})
    socket.write(`${line} HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 10.6.0.1\r\n${rest}`)
    const timer = setInterval(() => socket.write('x'), 1_000)
    const answer = await text(socket).catch(() => '')
    clearInterval(timer)
    return { status: Number(answer.split(' ')[1]), seconds: (performance.now() - start) / 1_000 }
  }
  const body = 'Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n'
  const [silent, headers, read, unread] = await Promise.all([
    text(connect(web.port, '127.0.0.1')),
    dribble('GET /'),
    dribble('POST /api/users', body),
    dribble('POST /api/none', body),
  ])
  expect(silent).toMatch(/^HTTP\/1.1 408 /)
  // Node checks for such requests every 30 s.
  expect(headers.status).toBe(408)
  expect(headers.seconds).toBeGreaterThan(9)
  expect(headers.seconds).toBeLessThan(45)
  expect(read.status).toBe(408)
  expect(read.seconds).toBeLessThan(10)
  expect(unread.status).toBe(404)
  expect(unread.seconds).toBeLessThan(55)
})

test('a page is rendered for GET and HEAD alone, with a policy, and the door is the only way in', async ({
  stack,
}) => {
  for (const path of ['/', '/none', '/_next/x', '/_next/data/x/index.json']) {
    const response = await fetch(stack.appUrl + path)
    expect(response.headers.get('content-security-policy'), path).toContain("'nonce-")
    expect((await fetch(stack.appUrl + path, { method: 'POST' })).status, path).toBe(405)
  }
  const files = readdirSync('app', { recursive: true, encoding: 'utf8' }).filter((file) =>
    /(^|\/)route\.ts$/.test(file),
  )
  const opened = files.filter((file) => !/= route(<.*>)?\(/.test(readFileSync(`app/${file}`, 'utf8')))
  expect(opened.sort()).toEqual(['api/health/live/route.ts', 'api/health/route.ts'])
})
