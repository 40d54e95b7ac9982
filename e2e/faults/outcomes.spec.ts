import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test as base, expect } from '@playwright/test'
import { VERDICTS } from '../../lib/email/outcome'
import { sendMessage } from '../../lib/email/send'

/*
 * The table of outcomes, row by row: a real HTTP server answers, and the real function with the real SDK says what it
 * makes of that.
 */
type Answer = (response: ServerResponse, request: IncomingMessage) => void

const test = base.extend<object, { provider: { answer: Answer } }>({
  provider: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the pattern
    async ({}, use) => {
      const provider: { answer: Answer } = { answer: (response) => response.end() }
      const server = createServer((request, response) => provider.answer(response, request))
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      const { port } = server.address() as AddressInfo
      Object.assign(process.env, { RESEND_API_KEY: 're_test', RESEND_BASE_URL: `http://127.0.0.1:${port}` })
      await use(provider)
      server.closeAllConnections()
      server.close()
    },
    { scope: 'worker' },
  ],
})

const MESSAGE = { from: 'a@b.example', to: 'c@d.example', subject: 'S', html: 'H', text: 'T', tags: [] }

const send = (key = 'welcome/1', signal = new AbortController().signal) => sendMessage(MESSAGE, key, signal)

const reply =
  (status: number, body: unknown, headers: Record<string, string> = {}): Answer =>
  (response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers })
    response.end(typeof body === 'string' ? body : JSON.stringify(body))
  }

const refusal = (status: number, name: string, headers?: Record<string, string>): Answer =>
  reply(status, { statusCode: status, name, message: 'No, c@d.example.' }, headers)

const ROWS: [name: string, status: number, verdict: Record<string, unknown>][] = [
  ['application_error', 500, { kind: 'retry' }],
  ['internal_server_error', 500, { kind: 'retry' }],
  ['service_unavailable', 503, { kind: 'retry' }],
  ['concurrent_idempotent_requests', 409, { kind: 'retry' }],
  ['resource_locked', 409, { kind: 'retry' }],
  ['rate_limit_exceeded', 429, { kind: 'wait', seconds: 1 }],
  ['daily_quota_exceeded', 429, { kind: 'wait', seconds: 3600 }],
  ['monthly_quota_exceeded', 429, { kind: 'wait', seconds: 3600 }],
  ['missing_api_key', 401, { kind: 'operator', seconds: 300 }],
  ['restricted_api_key', 401, { kind: 'operator', seconds: 300 }],
  ['invalid_api_key', 403, { kind: 'operator', seconds: 300 }],
  ['suspended_api_key', 403, { kind: 'operator', seconds: 300 }],
  ['invalid_permission', 403, { kind: 'operator', seconds: 300 }],
  ['validation_error', 401, { kind: 'operator', seconds: 300 }],
  ['validation_error', 403, { kind: 'operator', seconds: 300 }],
  ['validation_error', 400, { kind: 'permanent' }],
  ['validation_error', 422, { kind: 'permanent' }],
  ['invalid_from_address', 422, { kind: 'operator', seconds: 300 }],
  ['missing_required_field', 422, { kind: 'permanent' }],
  ['invalid_parameter', 422, { kind: 'permanent' }],
  ['invalid_idempotency_key', 400, { kind: 'permanent' }],
  ['security_error', 451, { kind: 'permanent' }],
  ['invalid_idempotent_request', 409, { kind: 'unknown' }],
]

for (const [name, status, verdict] of ROWS) {
  test(`${status} ${name}: ${verdict.kind}`, async ({ provider }) => {
    provider.answer = refusal(status, name)
    expect(await send()).toEqual({ reason: name, ...verdict })
  })
}

test('no row of the table is without a test', () => {
  const tested = ROWS.flatMap(([name, status]) => [name, `${name} ${status}`])
  expect(Object.keys(VERDICTS).filter((row) => !tested.includes(row))).toEqual([])
})

test('an id means accepted, and the key went along in the header', async ({ provider }) => {
  let key: string | string[] | undefined
  provider.answer = (response, request) => {
    key = request.headers['idempotency-key']
    reply(200, { id: 'mail-1' })(response, request)
  }
  expect(await send('welcome/7')).toEqual({ kind: 'accepted', providerId: 'mail-1' })
  expect(key).toBe('welcome/7')
})

const unreadable = { kind: 'retry', reason: 'unreadable_answer' }
const noAnswer = { kind: 'retry', reason: 'application_error' }

const ODD: [title: string, answer: Answer, outcome: Record<string, unknown>][] = [
  ['200 null', reply(200, 'null'), unreadable],
  ['200 {}', reply(200, {}), unreadable],
  ['200 []', reply(200, []), unreadable],
  ['200 with an id of null', reply(200, { id: null }), unreadable],
  ['200 with a number for an id', reply(200, { id: 7 }), unreadable],
  ['200 with an empty id', reply(200, { id: '' }), unreadable],
  ['200 with a text', reply(200, '<html>Welcome to nginx!</html>'), noAnswer],
  ['200 without a body', reply(200, ''), noAnswer],
  ['500 null', reply(500, 'null'), unreadable],
  ['500 "text"', reply(500, '"text"'), unreadable],
  ['502 with a page', reply(502, '<html>Bad gateway</html>', { 'content-type': 'text/html' }), noAnswer],
  ['403 with a page of somebody in between', reply(403, '<html>Forbidden</html>'), noAnswer],
  ['an error without a name', reply(418, { message: 'I’m a teapot' }), unreadable],
  ['an error with a name of null', reply(500, { name: null }), unreadable],
  ['an error with a number for a name', reply(500, { name: 7 }), unreadable],
  ['an error whose name quotes an address', reply(422, { name: 'c@d.example is bad' }), unreadable],
  [
    'an error that nobody knows yet',
    refusal(400, 'moon_in_wrong_phase'),
    { kind: 'retry', reason: 'moon_in_wrong_phase' },
  ],
  [
    'an error with the name of a built-in',
    refusal(500, 'constructor'),
    { kind: 'retry', reason: 'constructor' },
  ],
  ['the connection is cut before the answer', (response) => response.destroy(), noAnswer],
  [
    'the connection is cut within the answer',
    (response) => {
      response.writeHead(200, { 'content-length': 100 })
      response.write('{"id": "mail', () => response.destroy())
    },
    noAnswer,
  ],
]

for (const [title, answer, outcome] of ODD) {
  test(`${title}: tried again`, async ({ provider }) => {
    provider.answer = answer
    expect(await send()).toEqual(outcome)
  })
}

for (const [header, seconds] of [
  ['7', 7],
  ['0.5', 0.5],
  ['0', 1],
  ['-3', 1],
  ['soon', 1],
] as const) {
  test(`429 with "retry-after: ${header}": waits ${seconds} s`, async ({ provider }) => {
    provider.answer = refusal(429, 'rate_limit_exceeded', { 'retry-after': header })
    expect(await send()).toEqual({ kind: 'wait', reason: 'rate_limit_exceeded', seconds })
  })
}

test('a used-up quota waits as long as Resend says', async ({ provider }) => {
  provider.answer = refusal(429, 'daily_quota_exceeded', { 'retry-after': '120' })
  expect(await send()).toEqual({ kind: 'wait', reason: 'daily_quota_exceeded', seconds: 120 })
})

test('no answer, or half of one: given up after ten seconds, and tried again', async ({ provider }) => {
  provider.answer = (response, request) => {
    if (request.headers['idempotency-key'] === 'half') response.write('{"id":')
  }
  const started = performance.now()
  expect(await Promise.all([send('none'), send('half')])).toEqual([
    { kind: 'retry', reason: 'timeout' },
    { kind: 'retry', reason: 'timeout' },
  ])
  const seconds = (performance.now() - started) / 1000
  expect(seconds).toBeGreaterThan(9.9)
  expect(seconds).toBeLessThan(30)
})

test('a job that is taken away gives up at once', async ({ provider }) => {
  provider.answer = () => {}
  expect(await send('welcome/1', AbortSignal.timeout(100))).toEqual(noAnswer)
})
