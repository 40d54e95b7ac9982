import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { createServer, request } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { chromium, expect } from '@playwright/test'
import { Client } from 'pg'
import { openPostgresHome } from '../../sandbox/postgres-home'
import { listRoutes } from '../../sandbox/routes'
import { toSocketPath } from '../../sandbox/socket-path'
import { app, newAddress } from '../app'
import { findBrowser } from '../browser'
import { sendForm } from '../pages/person'
import { type Stack, startProcess } from '../stack'
import { test } from '../test'

/* The sandbox is the laptop's own: other websites in the same browser read and change nothing of it. */

type Headers = Record<string, string>

const FOREIGN_HOSTS: Headers[] = [
  { host: 'evil.example' },
  { host: 'localhost.evil.example' },
  { host: '127.0.0.1.evil.example:80' },
]
const FOREIGN_PAGES: Headers[] = [
  { origin: 'https://evil.example' },
  { origin: 'null' },
  { origin: 'http://localhost:1' },
  { 'sec-fetch-site': 'cross-site' },
  { 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' },
]
/** The headers that a browser sends to a page of ours. For a listener without pages, these are foreign, too. */
const BROWSERS: Headers[] = [{ 'sec-fetch-site': 'same-origin' }, { 'sec-fetch-site': 'none' }]

test('no outgoing connection takes the port of what is restarted', () => {
  const { APP_URL = '', DATABASE_URL = '' } = app.env()
  for (const url of [APP_URL, DATABASE_URL]) expect(Number(new URL(url).port)).toBeLessThan(32_768)
})

test('each port of a running sandbox is known, and refuses other websites', async () => {
  test.skip(process.platform !== 'linux', 'Finds the ports in /proc.')
  const { APP_URL = '', RESEND_BASE_URL = '', OTEL_EXPORTER_OTLP_ENDPOINT = '', ...env } = app.env()
  const { DATABASE_URL = '', SANDBOX_KEY } = env
  const urls = [APP_URL, RESEND_BASE_URL, OTEL_EXPORTER_OTLP_ENDPOINT, DATABASE_URL]
  const ports = urls.map((url) => Number(new URL(url).port))
  expect(findPorts(findRunner(ports[0] ?? 0))).toEqual(ports.sort((a, b) => a - b))

  const key = { authorization: `Bearer ${SANDBOX_KEY}` }
  for (const path of ['/', '/emails', '/emails/none', '/sandbox', '/sandbox/weather', '/domains', '/inbox'])
    await expectShut(RESEND_BASE_URL + path, [...FOREIGN_HOSTS, ...FOREIGN_PAGES, ...BROWSERS], key)
  const span = `${OTEL_EXPORTER_OTLP_ENDPOINT}/emails/7d3f9a52-0000-4000-8000-000000000000`
  await expectShut(span, [...FOREIGN_HOSTS, ...FOREIGN_PAGES, ...BROWSERS])
  for (const path of await listRoutes()) {
    // The sender of a report is known by its signature.
    const isReport = path === '/api/webhooks/resend'
    await expectShut(APP_URL + path, isReport ? FOREIGN_HOSTS : [...FOREIGN_HOSTS, ...FOREIGN_PAGES])
  }

  const database = connect(Number(new URL(DATABASE_URL).port), '127.0.0.1')
  database.write('GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n')
  expect(await text(database)).not.toContain('HTTP')
  const stranger = new URL(DATABASE_URL)
  stranger.password = 'postgres'
  await expect(new Client({ connectionString: stranger.href }).connect()).rejects.toMatchObject({
    code: '28P01',
  })
})

for (const [name, program, path] of [
  ['the preview of the mails', 'sandbox/mail-preview.ts', '/live'],
  ['the dashboard', 'sandbox/dashboard.ts', '/queues'],
] as const) {
  test(`${name} opens in a browser, and for no other website`, async () => {
    const env = { DATABASE_URL: app.env().DATABASE_URL ?? '', PORT: '0' }
    const server = await startProcess(['--import', 'tsx', program], /^The \w+: \S+$/m, env)
    const url = /^The \w+: (\S+)$/m.exec(server.output())?.[1] ?? ''
    try {
      for (const headers of [{}, ...BROWSERS]) expect((await ask(url, headers)).status).toBe(200)
      for (const page of ['/', path]) await expectShut(url + page, [...FOREIGN_HOSTS, ...FOREIGN_PAGES])
    } finally {
      await server.kill('SIGTERM')
    }
  })
}

test('each program of the sandbox that answers over HTTP does so with the guard', () => {
  const programs = readdirSync('sandbox').filter((name) => name.endsWith('.ts'))
  const isServer = /createServer.* from 'node:https?'|\/server(\.js)?'/
  const servers = programs.filter((name) => isServer.test(readFileSync(`sandbox/${name}`, 'utf8')))
  expect(servers).toEqual(['loopback-server.ts'])
})

test('sending takes any key of Resend’s form, mails and weather take the sandbox’s alone', async ({
  stack,
}) => {
  const send = (authorization?: string): Promise<Response> =>
    fetch(`${stack.resendUrl}/emails`, {
      method: 'POST',
      headers: authorization ? { authorization } : {},
      body: JSON.stringify({ from: 'a@example.com', to: newAddress(), subject: 'Hello', text: 'Hello' }),
    })
  const answer = await send('Bearer re_somebodys')
  expect(answer.status).toBe(200)
  const { id } = await answer.json()
  for (const header of [undefined, 'Bearer re_', 'Bearer other', 're_somebodys', 'Basic re_somebodys'])
    expect((await send(header)).status, header).toBe(401)

  const { SANDBOX_KEY, RESEND_API_KEY } = stack.env
  for (const path of ['/sandbox', '/sandbox/weather', '/emails', `/emails/${id}`, '/domains']) {
    expect((await stack.askProvider(path)).status, path).toBe(200)
    for (const key of [undefined, '', RESEND_API_KEY, 're_somebodys', `${SANDBOX_KEY}x`, 'undefined']) {
      const headers: Headers = key === undefined ? {} : { authorization: `Bearer ${key}` }
      expect((await ask(stack.resendUrl + path, headers)).status, `${path} with ${key}`).toBe(401)
    }
  }
})

test('in a real browser, a page of another origin reads and changes nothing', { tag: '@long' }, async ({
  stack,
}) => {
  const args = ['--host-resolver-rules=MAP evil.test 127.0.0.1']
  await using browser = await chromium.launch({ executablePath: findBrowser(), args })
  const context = await browser.newContext()
  // The user has the app open in the same browser.
  const page = await context.newPage()
  await page.goto(stack.appUrl)
  await sendForm(page)
  await expect(page).toHaveURL(/\/tickets\//)
  const state = await readState(stack)
  expect(state).toMatchObject({ users: 1, sessions: 1 })
  await page.close()

  const attacker = createServer((_, response) => {
    response.setHeader('content-type', 'text/html').end('<!doctype html><title>Another site</title>')
  })
  await once(attacker.listen(0, '127.0.0.1'), 'listening')
  const { port } = attacker.address() as AddressInfo
  const paths = [
    ...['/', '/api/health', '/api/session', '/api/users'],
    ...['/inbox', '/backstage', '/api/backstage/events', '/api/backstage/pause'], // stage
    ...['/api/sandbox/weather', '/api/sandbox/signups', '/api/sandbox/race'], // stage
  ]
  const targets = [
    ...paths.map((path) => stack.appUrl + path),
    ...['/', '/emails', '/sandbox'].map((path) => stack.resendUrl + path),
  ]
  // Another site, the same site, and a name that leads to this computer.
  for (const host of ['127.0.0.1', 'localhost', 'evil.test']) {
    const foreign = await context.newPage()
    await foreign.goto(`http://${host}:${port}`)
    expect(await foreign.evaluate(attack, targets), host).toEqual([])
    await foreign.close()
  }
  attacker.close()
  attacker.closeAllConnections()
  expect(await readState(stack)).toEqual(state)

  const rebound = await context.newPage()
  for (const target of targets) {
    const { port, pathname } = new URL(target)
    const answer = await rebound.goto(`http://evil.test:${port}${pathname}`)
    expect(answer?.status(), pathname).toBe(403)
    expect(await rebound.content()).not.toMatch(/Ada|@example\.com|queued/)
  }
})

/** Reads everything that a foreign page could have changed. */
async function readState(stack: Stack): Promise<{ users: number } & Record<string, unknown>> {
  const [row] = await stack.query<{ users: number }>(
    `SELECT (SELECT count(*)::int FROM "User") AS users, (SELECT count(*)::int FROM "Session") AS sessions,
       (SELECT count(*)::int FROM "Pace") AS pace`,
  )
  return { users: row?.users ?? Number.NaN, ...row, ...(await stack.setProvider({})) }
}

/** In the browser: tries to read and to write all of these. Returns what it could read. */
async function attack(targets: string[]): Promise<string[]> {
  const seen: string[] = []
  for (const url of targets) {
    for (const method of ['GET', 'POST', 'PUT', 'DELETE']) {
      for (const mode of ['cors', 'no-cors'] as const) {
        const body =
          method === 'GET'
            ? undefined
            : '{"mode":"outage","latencyMs":9,"name":"Eve","email":"eve@example.com"}'
        const answer = await fetch(url, { method, mode, credentials: 'include', body }).catch(() => undefined)
        if (answer && answer.type !== 'opaque') seen.push(`${method} ${url}: ${answer.status}`)
      }
    }
    const source = new EventSource(url, { withCredentials: true })
    await new Promise((resolve) => {
      source.onopen = () => resolve(seen.push(`events of ${url}`))
      source.onerror = resolve
    })
    source.close()
    for (const tag of ['script', 'iframe'] as const) {
      const element = Object.assign(document.createElement(tag), { src: url })
      await new Promise((resolve) => {
        element.onload = element.onerror = resolve
        document.body.append(element)
      })
    }
    const frame = Object.assign(document.createElement('iframe'), { name: url })
    const form = Object.assign(document.createElement('form'), { method: 'post', action: url, target: url })
    document.body.append(frame, form)
    await new Promise((resolve) => {
      frame.onload = resolve
      form.submit()
    })
  }
  return seen
}

async function expectShut(url: string, requests: Headers[], common: Headers = {}): Promise<void> {
  for (const headers of requests) {
    const { status, body } = await ask(url, { ...common, ...headers })
    expect(status, `${url} ${JSON.stringify(headers)}`).toBe(403)
    expect(body).not.toMatch(/@example\.com|resend\.dev|queued|workers|latencyMs/)
  }
}

/** A GET with any headers, Host included. */
function ask(url: string, headers: Headers): Promise<{ status?: number; body: string }> {
  return new Promise((resolve, reject) => {
    request(url, { headers }, async (response) =>
      resolve({
        status: response.statusCode,
        body: response.statusCode === 200 && url.endsWith('/live') ? '' : await text(response),
      }),
    )
      .on('error', reject)
      .end()
  })
}

/** The runner whose web server listens on this port. */
function findRunner(port: number): number {
  const inodes = findListening().flatMap((socket) => (socket.port === port ? socket.inode : []))
  const server = findProcesses().find((pid) => readSockets(pid).some((inode) => inodes.includes(inode)))
  const runner = readLine(server ?? 0).find((pid) => read(`/proc/${pid}/cmdline`).includes('sandbox/run.ts'))
  if (!runner) throw new Error(`No runner has a web server on port ${port}.`)
  return runner
}

/** The TCP ports on which a process and its descendants listen, in order. */
function findPorts(root: number): number[] {
  const family = findProcesses().filter((pid) => readLine(pid).includes(root))
  const sockets = new Set(family.flatMap(readSockets))
  const ports = findListening().flatMap(({ inode, port }) => (sockets.has(inode) ? port : []))
  return [...new Set(ports)].sort((a, b) => a - b)
}

function findListening(): { port: number; inode: string }[] {
  const lines = `${read('/proc/net/tcp')}${read('/proc/net/tcp6')}`.split('\n')
  // sl, local address, remote address, state (0A: LISTEN), …, inode
  const rows = lines.map((line) => line.trim().split(/\s+/)).filter(([, , , state]) => state === '0A')
  return rows.map(([, local = '', ...rest]) => ({
    port: Number.parseInt(local.split(':')[1] ?? '', 16),
    inode: rest[7] ?? '',
  }))
}

function findProcesses(): number[] {
  return readdirSync('/proc').map(Number).filter(Number.isInteger)
}

/** A process, its parent, and so on. */
function readLine(pid: number): number[] {
  const parent = Number(/\) \S (\d+)/.exec(read(`/proc/${pid}/stat`))?.[1])
  return parent > 0 ? [pid, ...readLine(parent)] : [pid]
}

function readSockets(pid: number): string[] {
  const folder = `/proc/${pid}/fd`
  const links = attempt(() => readdirSync(folder), []).map((fd) =>
    attempt(() => readlinkSync(`${folder}/${fd}`), ''),
  )
  return links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? [])
}

const read = (file: string): string => attempt(() => readFileSync(file, 'utf8'), '')

/** A process may end while it is looked at. */
function attempt<Value>(look: () => Value, otherwise: Value): Value {
  try {
    return look()
  } catch {
    return otherwise
  }
}

test('for root, the data of a sandbox is outside of it, and is deleted after the sandbox was', async () => {
  test.skip(process.getuid?.() !== 0, 'For others, the data is in the sandbox itself.')
  const [first, second] = [test.info().outputPath('first'), test.info().outputPath('second')]
  const deleted = await openPostgresHome(path.join(first, 'postgres'))
  expect(await openPostgresHome(path.join(first, 'postgres'))).toEqual({ ...deleted, abandoned: false })
  await rm(first, { recursive: true })
  const { dir } = await openPostgresHome(path.join(second, 'postgres'))
  expect(existsSync(deleted.dir)).toBe(false)
  expect(existsSync(dir)).toBe(true)
  await rm(second, { recursive: true })
  await rm(dir, { recursive: true })
})

test('on every system, each folder has a lock of its own', () => {
  expect(toSocketPath('a', 'win32')).toBe('\\\\.\\pipe\\a')
  expect(toSocketPath('b', 'win32')).toBe('\\\\.\\pipe\\b')
  expect(toSocketPath('a', 'linux')).toMatch(/\/a\.sock$/)
})
