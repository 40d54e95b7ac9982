import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import { gzipSync } from 'node:zlib'
import { expect } from '@playwright/test'
import { explainReason } from '../../app/components/ticket/reasons'
import type { Message } from '../../lib/mail/message'
import { VERDICTS } from '../../lib/sending/outcome'
import { sendBatch } from '../../lib/sending/resend'
import { test } from '../test'

/*
 * The table of outcomes, row by row: a real HTTP server answers, and the real function with the real SDK says what it
 * makes of that.
 */
type Answer = (response: ServerResponse, request: IncomingMessage) => void

// One process for all of them, with a server of its own.
test.describe.configure({ mode: 'default' })
const provider: { answer: Answer } = { answer: (response) => response.end() }
const server = createServer((request, response) => provider.answer(response, request))

test.beforeAll(async () => {
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  Object.assign(process.env, { RESEND_API_KEY: 're_test', RESEND_BASE_URL: `http://127.0.0.1:${port}` })
})
test.afterAll(() => {
  Object.assign(process.env, { RESEND_API_KEY: '', RESEND_BASE_URL: '' })
  server.closeAllConnections()
  server.close()
})

const realTimeout = AbortSignal.timeout

const MESSAGE: Message = {
  from: 'a@b.example',
  to: 'c@d.example',
  subject: 'S',
  html: 'H',
  text: 'T',
  tags: [{ name: 'email_id', value: '1' }],
}

const send = (key = 'batch-1', count = 1) =>
  sendBatch({ id: key, messages: Array(count).fill(MESSAGE), createdAt: new Date() })

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
  ['not_found', 404, { kind: 'operator', seconds: 300 }],
  ['method_not_allowed', 405, { kind: 'operator', seconds: 300 }],
  ['invalid_access', 422, { kind: 'operator', seconds: 300 }],
  ['invalid_region', 422, { kind: 'operator', seconds: 300 }],
  ['rejected_by_proxy', 403, { kind: 'operator', seconds: 300 }],
  ['missing_required_field', 422, { kind: 'permanent' }],
  ['invalid_parameter', 422, { kind: 'permanent' }],
  ['invalid_attachment', 422, { kind: 'permanent' }],
  ['invalid_idempotency_key', 400, { kind: 'permanent' }],
  ['security_error', 451, { kind: 'permanent' }],
  ['invalid_idempotent_request', 409, { kind: 'key_conflict' }],
]

for (const [name, status, verdict] of ROWS) {
  test(`${status} ${name}: ${verdict.kind}`, async () => {
    provider.answer = refusal(status, name)
    expect(await send()).toEqual({ reason: name, ...verdict })
  })
}

test('no row of the table is without a test', () => {
  const tested = ROWS.flatMap(([name, status]) => [name, `${name} ${status}`])
  expect(Object.keys(VERDICTS).filter((row) => !tested.includes(row))).toEqual([])
})

test('each error that the SDK knows has a row', () => {
  const types = readFileSync('node_modules/resend/dist/index.d.mts', 'utf8')
  const [, list = ''] = /type RESEND_ERROR_CODE_KEY = ([^;]+);/.exec(types) ?? []
  const codes = [...list.matchAll(/'(\w+)'/g)].map(([, code]) => code)
  expect(codes.length).toBeGreaterThan(15)
  expect(codes.filter((code) => !ROWS.some(([name]) => name === code))).toEqual([])
})

test('each row has words for people', () => {
  expect(ROWS.map(([name]) => explainReason(name)).filter((words) => words.startsWith('Reason:'))).toEqual([])
  expect(explainReason('constructor')).toBe('Reason: constructor.')
})

test('an id means accepted; key and validation went along in the headers', async () => {
  let sent: IncomingMessage | undefined
  provider.answer = (response, request) => {
    sent = request
    reply(200, { data: [{ id: 'mail-1' }] })(response, request)
  }
  expect(await send('batch-7')).toEqual({
    kind: 'accepted',
    mails: [{ status: 'sent', providerId: 'mail-1' }],
  })
  expect(sent?.url).toBe('/emails/batch')
  expect(sent?.headers).toMatchObject({ 'idempotency-key': 'batch-7', 'x-batch-validation': 'permissive' })
})

test('a mail with a file goes alone, under the same key, and what is said of it counts the same', async () => {
  const attachments = [{ filename: 'a.txt', content: 'YQ==', contentType: 'text/plain' }]
  const batch = { id: 'batch-8', messages: [{ ...MESSAGE, attachments }], createdAt: new Date() }
  let sent: IncomingMessage | undefined
  let body: unknown
  provider.answer = async (response, request) => {
    sent = request
    body = await json(request)
    reply(200, { id: 'mail-2' })(response, request)
  }
  const mails = [{ status: 'sent', providerId: 'mail-2' }]
  expect(await sendBatch(batch)).toEqual({ kind: 'accepted', mails })
  expect(sent?.url).toBe('/emails')
  expect(sent?.headers).toMatchObject({ 'idempotency-key': 'batch-8' })
  expect(body).toMatchObject({
    attachments: [{ filename: 'a.txt', content: 'YQ==', content_type: 'text/plain' }],
    tags: MESSAGE.tags,
  })
  provider.answer = refusal(422, 'validation_error')
  expect(await sendBatch(batch)).toEqual({ kind: 'permanent', reason: 'validation_error' })
  provider.answer = reply(200, 'null')
  expect(await sendBatch(batch)).toMatchObject({ kind: 'retry', reason: 'unreadable_answer' })
})

const failed = { status: 'failed', reason: 'validation_error' }
const sent = (providerId: string) => ({ status: 'sent', providerId })

for (const [title, ids, refused, mails] of [
  ['none is refused', ['a', 'b', 'c'], [], [sent('a'), sent('b'), sent('c')]],
  ['the first', ['b', 'c'], [0], [failed, sent('b'), sent('c')]],
  ['two, told in any order', ['b'], [2, 0], [failed, sent('b'), failed]],
  ['all', [], [0, 1, 2], [failed, failed, failed]],
] as const) {
  test(`the ids are those of the accepted mails, and each gets its own: refused is ${title}`, async () => {
    const errors = refused.map((index) => ({ index, message: 'Invalid `to` field: c@d.example.' }))
    provider.answer = reply(200, { data: ids.map((id) => ({ id })), errors })
    expect(await send('batch-1', 3)).toEqual({ kind: 'accepted', mails })
  })
}

test('the limit that Resend tells is known afterwards', async () => {
  provider.answer = reply(200, { data: [{ id: 'a' }] }, { 'ratelimit-limit': '7' })
  expect(await send()).toMatchObject({ kind: 'accepted', perSecond: 7 })
  provider.answer = refusal(429, 'rate_limit_exceeded', { 'ratelimit-limit': '5;w=1' })
  expect(await send()).toMatchObject({ kind: 'wait', perSecond: 5 })
  provider.answer = refusal(503, 'service_unavailable', { 'ratelimit-limit': 'many' })
  expect(await send()).toEqual({ kind: 'retry', reason: 'service_unavailable' })
})

const unreadable = { kind: 'retry', reason: 'unreadable_answer' }
const noAnswer = { kind: 'retry', reason: 'application_error' }

const ODD: [title: string, answer: Answer, outcome: Record<string, unknown>][] = [
  ['200 null', reply(200, 'null'), unreadable],
  ['200 {}', reply(200, {}), unreadable],
  ['200 []', reply(200, []), unreadable],
  ['200 with one id, as for a single mail', reply(200, { id: 'a' }), unreadable],
  ['200 with data of null', reply(200, { data: null }), unreadable],
  ['200 without ids', reply(200, { data: [] }), unreadable],
  ['200 with an id too many', reply(200, { data: [{ id: 'a' }, { id: 'b' }] }), unreadable],
  ['200 with an id of null', reply(200, { data: [{ id: null }] }), unreadable],
  ['200 with a number for an id', reply(200, { data: [{ id: 7 }] }), unreadable],
  ['200 with an empty id', reply(200, { data: [{ id: '' }] }), unreadable],
  [
    '200 with id and error',
    reply(200, { data: [{ id: 'a' }], errors: [{ index: 0, message: '' }] }),
    unreadable,
  ],
  [
    '200 with an error about nobody',
    reply(200, { data: [], errors: [{ index: 1, message: '' }] }),
    unreadable,
  ],
  ['200 with errors of another shape', reply(200, { data: [{ id: 'a' }], errors: 'none' }), unreadable],
  ['200 with a text', reply(200, '<html>Welcome to nginx!</html>'), noAnswer],
  ['200 without a body', reply(200, ''), noAnswer],
  ['500 null', reply(500, 'null'), unreadable],
  ['500 "text"', reply(500, '"text"'), unreadable],
  ['502 with a page', reply(502, '<html>Bad gateway</html>', { 'content-type': 'text/html' }), noAnswer],
  ['an error without a name', reply(500, { message: 'Oh no' }), unreadable],
  ['an error with a name of null', reply(500, { name: null }), unreadable],
  ['an error with a number for a name', reply(500, { name: 7 }), unreadable],
  ['an error whose name quotes an address', reply(500, { name: 'c@d.example is bad' }), unreadable],
  [
    'an unknown error, but its status',
    refusal(429, 'moon_used_up'),
    { kind: 'wait', reason: 'moon_used_up', seconds: 1 },
  ],
  ['an unknown error', refusal(400, 'moon_in_wrong_phase'), { kind: 'retry', reason: 'moon_in_wrong_phase' }],
  ...[401, 402, 403].map((status): (typeof ODD)[number] => [
    `an unknown error of the account, ${status}`,
    refusal(status, 'account_on_hold'),
    { kind: 'operator', reason: 'account_on_hold', seconds: 300 },
  ]),
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
  test(`${title}: tried again`, async () => {
    provider.answer = answer
    expect(await send()).toEqual(outcome)
  })
}

const page = (status: number, headers = {}): Answer =>
  reply(status, '<html>No.</html>', { 'content-type': 'text/html', ...headers })
const IN_FRONT: [title: string, body: unknown][] = [
  ['a page', '<html>No.</html>'],
  ['nothing', ''],
  ['null', 'null'],
  ['JSON of its own', { message: 'Forbidden' }],
  ['JSON with another status', { error: { code: 7 }, statusCode: 200 }],
  ['a name that is no code', { name: 'c@d.example is bad' }],
]

for (const [title, body] of IN_FRONT) {
  for (const status of [400, 401, 403, 404, 405, 409, 411, 413, 414, 418, 421, 422, 431, 451]) {
    test(`${status} with ${title}: rejected by a proxy, so it uses up no attempt`, async () => {
      provider.answer = reply(status, body)
      expect(await send()).toEqual({ kind: 'operator', reason: 'rejected_by_proxy', seconds: 300 })
    })
  }
  test(`429 with ${title}: waits`, async () => {
    provider.answer = reply(429, body)
    expect(await send()).toEqual({ kind: 'wait', reason: 'rate_limit_exceeded', seconds: 1 })
  })
  // `fetch` turns a 407 into a lost answer.
  for (const status of [407, 408, 500, 502, 503, 504, 520, 599]) {
    test(`${status} with ${title}: may have been accepted, so the same batch again`, async () => {
      provider.answer = reply(status, body)
      expect(await send()).toMatchObject({ kind: 'retry' })
    })
  }
}

// The clock of the server that answers counts.
const date = 'Sat, 28 Nov 2026 08:49:37 GMT'

for (const [header, seconds] of [
  ['7', 7],
  ['0.5', 0.5],
  ['0', 1],
  ['-3', 1],
  ['soon', 1],
  ['', 1],
  ['2001', 2001],
  ['99999999', 86_400],
  ['Sat, 28 Nov 2026 08:50:37 GMT', 60],
  ['Saturday, 28-Nov-26 08:50:37 GMT', 60],
  ['Sat Nov 28 08:50:37 2026', 60],
  ['Tue Dec  1 08:49:36 2026', 86_400],
  ['Sun Nov  1 08:49:37 2026', 1],
  ['Sat, 28 Nov 2026 08:48:37 GMT', 1],
  ['Sat, 28 Nov 2026 25:00:00 GMT', 1],
] as const) {
  test(`429 with "retry-after: ${header}": waits ${seconds} s`, async () => {
    provider.answer = refusal(429, 'rate_limit_exceeded', { 'retry-after': header, date })
    expect(await send()).toEqual({ kind: 'wait', reason: 'rate_limit_exceeded', seconds })
    provider.answer = page(429, { 'retry-after': header, date })
    expect(await send()).toEqual({ kind: 'wait', reason: 'rate_limit_exceeded', seconds })
  })
}

test('without a date header, the clock of this process counts', async () => {
  provider.answer = (response, request) => {
    response.sendDate = false
    const headers = { 'retry-after': new Date(Date.now() + 60_000).toUTCString() }
    refusal(429, 'rate_limit_exceeded', headers)(response, request)
  }
  const { seconds } = (await send()) as { seconds: number }
  expect(seconds).toBeGreaterThan(30)
  expect(seconds).toBeLessThanOrEqual(60)
})

for (const [name, value, seconds] of [
  ['ratelimit-reset', '20', 20],
  ['ratelimit-reset', '0', 1],
  ['ratelimit-reset', 'soon', 1],
  ['ratelimit-reset', '99999999', 86_400],
  ['ratelimit', '"default";r=0;t=20', 20],
  ['ratelimit', 'default; r=0; t=20', 20],
  ['ratelimit', '"a, b;t=9";t=20;r=0', 20],
  ['ratelimit', '"second";r=0;t=2, "hour";r=50;t=3000', 2],
  ['ratelimit', '"second";r=0;t=2, "hour";r=0;t=3000', 3000],
  ['ratelimit', '"default";r=5;t=20', 1],
  ['ratelimit', '"default";r=0', 1],
  ['ratelimit', 'limit=10, remaining=0, reset=20', 20],
  ['ratelimit', 'full', 1],
] as const) {
  test(`429 with only "${name}: ${value}": waits ${seconds} s`, async () => {
    provider.answer = refusal(429, 'rate_limit_exceeded', { [name]: value })
    expect(await send()).toEqual({ kind: 'wait', reason: 'rate_limit_exceeded', seconds })
  })
}

test('a used-up quota waits as long as Resend says', async () => {
  provider.answer = refusal(429, 'daily_quota_exceeded', { 'retry-after': '120', 'ratelimit-reset': '1' })
  expect(await send()).toEqual({ kind: 'wait', reason: 'daily_quota_exceeded', seconds: 120 })
  // The header is about the requests a second.
  provider.answer = refusal(429, 'daily_quota_exceeded', { 'ratelimit-reset': '1' })
  expect(await send()).toEqual({ kind: 'wait', reason: 'daily_quota_exceeded', seconds: 3600 })
})

for (const [name, status, { kind, seconds: least = 0 }] of ROWS as [
  string,
  number,
  { kind: string; seconds?: number },
][]) {
  test(`${status} ${name} with "retry-after": waits as long and stays ${kind}`, async () => {
    for (const asked of [450, 45]) {
      provider.answer = refusal(status, name, { 'retry-after': `${asked}` })
      const seconds = kind === 'wait' ? asked : Math.max(asked, least)
      expect(await send()).toEqual({ kind, reason: name, seconds })
    }
  })
}

for (const status of [500, 502, 503, 504]) {
  test(`${status} with a page and "retry-after": the same batch again, and not before`, async () => {
    provider.answer = page(status, { 'retry-after': '45' })
    expect(await send()).toEqual({ kind: 'retry', reason: 'application_error', seconds: 45 })
  })
}

test('no answer, or half of one: given up after ten seconds, and tried again', async () => {
  provider.answer = (response, request) => {
    if (request.headers['idempotency-key'] === 'half') response.write('{"data":')
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

test('a request ends at its timeout, also while a compressed answer is decompressed', async () => {
  const timeout = new AbortController()
  AbortSignal.timeout = () => timeout.signal
  const body = gzipSync(JSON.stringify({ data: [{ id: 'mail-1' }] }))
  let sendBody = (): void => {}
  provider.answer = (response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' }).flushHeaders()
    sendBody = () => response.end(body)
  }
  // The worst moment: the whole answer has arrived, and Node has not decompressed it.
  const steps = {
    'undici:request:headers': () => setImmediate(() => sendBody()),
    'undici:request:trailers': () => process.nextTick(() => timeout.abort()),
  }
  for (const [step, act] of Object.entries(steps)) subscribe(step, act)
  try {
    expect(await send()).toEqual({ kind: 'retry', reason: 'timeout' })
  } finally {
    for (const [step, act] of Object.entries(steps)) unsubscribe(step, act)
    AbortSignal.timeout = realTimeout
  }
})
