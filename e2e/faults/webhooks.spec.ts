import { randomBytes, randomUUID } from 'node:crypto'
import { expect } from '@playwright/test'
import { Client } from 'pg'
import type { EmailStatus, Snapshot } from '../../lib/status/status'
import { askUntilTaken, newAddress, signUp } from '../app'
import { act, signUpOwner } from '../owner'
import { type Stack, waitFor } from '../stack'
import { test } from '../test'
import { findFaults, untilSettled } from './oracle'
import { countStatements } from './statements'
import { postWebhook, report, sign, signUpMany, until, writeMany } from './steps'

/** The fields of a report about the mail of this email, as Resend words them. */
const about = (id: string) => ({ email_id: `mail-of-${id}`, tags: { email_id: id } })

async function read(stack: Stack, id: string): Promise<Snapshot> {
  return (await fetch(`${stack.appUrl}/api/emails/${id}`)).json()
}

const TYPES: [type: string, status: EmailStatus, details: object, reason?: string][] = [
  ['email.sent', 'sent', {}],
  ['email.delivered', 'delivered', {}],
  ['email.delivery_delayed', 'delayed', {}],
  [
    'email.bounced',
    'bounced',
    { bounce: { type: 'Permanent', subType: 'General', message: 'No.' } },
    'permanent',
  ],
  ['email.complained', 'complained', {}],
  ['email.failed', 'failed', { failed: { reason: 'reached_daily_quota' } }, 'reached_daily_quota'],
  [
    'email.suppressed',
    'suppressed',
    { suppressed: { type: 'OnAccountSuppressionList', message: 'No.' } },
    'onaccountsuppressionlist',
  ],
]

for (const [type, status, details, reason] of TYPES) {
  test(`${type} makes it ${status}`, async ({ stack }) => {
    const { id } = await signUp(newAddress(), stack.appUrl)
    const response = await report(stack, type, { ...about(id), ...details })
    expect([response.status, await response.json()]).toEqual([200, { stored: true }])
    const snapshot = await read(stack, id)
    expect(snapshot.status).toBe(status)
    expect(snapshot.timeline.at(-1)).toEqual({ status, at: expect.any(String), ...(reason && { reason }) })
  })
}

const SOFT: [title: string, bounce: unknown, reason: string][] = [
  ['a full mailbox', { type: 'Transient', subType: 'MailboxFull', message: 'Full.' }, 'transient'],
  ['an out-of-office answer', { type: 'Transient', subType: 'General', message: 'Away.' }, 'transient'],
  ['no clear word', { type: 'Undetermined', subType: 'Undetermined', message: '?' }, 'undetermined'],
  ['a type in capitals', { type: 'TRANSIENT' }, 'transient'],
  ['a type of tomorrow', { type: 'Deferred', subType: 'Moon', message: 'Later.' }, 'deferred'],
  ['the name of a built-in', { type: 'constructor' }, 'constructor'],
  ['a type that is no code', { type: 'Permanent failure of ada@example.com' }, 'undetermined'],
  ['an empty type', { type: '' }, 'undetermined'],
  ['a type that is no text', { type: 7 }, 'undetermined'],
  ['no type', {}, 'undetermined'],
  ['nothing', undefined, 'undetermined'],
]

for (const [title, bounce, reason] of SOFT) {
  test(`a bounce with ${title} blames no address: delayed and final`, async ({ stack }) => {
    const [late = '', early = '', alone = ''] = await signUpMany(stack, 3)
    await report(stack, 'email.delivery_delayed', about(alone))
    expect(await read(stack, alone)).toMatchObject({ status: 'delayed', final: false })
    await report(stack, 'email.bounced', { ...about(alone), bounce })
    const { status, final, timeline } = await read(stack, alone)
    expect({ status, final }).toEqual({ status: 'delayed', final: true })
    expect(timeline.at(-1)).toEqual({ status: 'delayed', reason, at: expect.any(String) })

    // Before or after the delivery: the mail is delivered, and the bounce is on the timeline.
    await report(stack, 'email.bounced', { ...about(early), bounce })
    for (const id of [late, early]) await report(stack, 'email.delivered', about(id))
    await report(stack, 'email.bounced', { ...about(late), bounce })
    for (const id of [late, early]) {
      const { status, final, version, timeline } = await read(stack, id)
      expect({ status, final, version }).toEqual({ status: 'delivered', final: true, version: 3 })
      expect(timeline.flatMap(({ reason }) => reason ?? [])).toEqual([reason])
    }
  })
}

test('after a soft bounce there is no address to correct', async ({ stack }) => {
  const owner = await signUpOwner(stack.appUrl)
  const correct = (): Promise<Response> => act(owner, 'POST', 'address', { email: newAddress() })
  await report(stack, 'email.bounced', { ...about(owner.id), bounce: { type: 'Transient' } })
  expect((await correct()).status).toBe(409)
  await report(stack, 'email.bounced', { ...about(owner.id), bounce: { type: 'Permanent' } })
  const corrected = await correct()
  expect(corrected.status).toBe(202)
  // The owner's next request is answered with the newest mail.
  const { welcomeEmail } = await corrected.json()
  expect((await (await act(owner, 'POST', 'erasure')).json()).id).toBe(welcomeEmail.id)
})

test('a permanent bounce, however it is spelled, is the end', async ({ stack }) => {
  for (const type of ['Permanent', 'permanent', 'PERMANENT']) {
    const { id } = await signUp(newAddress(), stack.appUrl)
    await report(stack, 'email.delivered', about(id))
    await report(stack, 'email.bounced', { ...about(id), bounce: { type } })
    expect(await read(stack, id)).toMatchObject({ status: 'bounced', final: true })
  }
})

test('delayed, and then failed at Resend: failed is the end in any order', async ({ stack }) => {
  const failed = { failed: { reason: 'reached_daily_quota' } }
  for (const before of ['email.sent', 'email.delivery_delayed', 'email.delivered']) {
    const ids = await signUpMany(stack, 2)
    for (const [index, id] of ids.entries()) {
      const reports = [before, 'email.failed']
      for (const type of index === 0 ? reports : reports.reverse())
        await report(stack, type, { ...about(id), ...(type === 'email.failed' && failed) })
      expect(await read(stack, id), before).toMatchObject({ status: 'failed', final: true, version: 3 })
    }
  }
})

test('a mail that is sent and delivered hears of everything else', { tag: '@long' }, async ({ stack }) => {
  await stack.startWorker()
  const ends = [
    ['delivered', 'email.bounced', { bounce: { type: 'Transient' } }],
    ['failed', 'email.failed', { failed: { reason: 'reached_daily_quota' } }],
    ['suppressed', 'email.suppressed', { suppressed: { type: 'OnAccountSuppressionList' } }],
  ] as const
  const ids = await signUpMany(stack, ends.length)
  for (const [index, [status, type, details]] of ends.entries()) {
    const id = ids[index] ?? ''
    await until(stack, id, ({ status }) => status === 'delivered')
    await report(stack, type, { tags: { email_id: id }, ...details })
    expect(await read(stack, id)).toMatchObject({ status, final: true })
  }
  await untilSettled(stack)
  expect(await findFaults(stack, ids)).toEqual([])
})

test('a mail that was given up, and then failed at Resend, is never redriven', { tag: '@long' }, async ({
  stack,
}) => {
  for (const email_id of [randomUUID(), undefined]) {
    const { id } = await signUp(newAddress(), stack.appUrl)
    await stack.query(
      `WITH given_up AS (UPDATE "Email" SET status = 'failed' WHERE id = $1)
       INSERT INTO "EmailEvent" ("emailId", status, reason) VALUES ($1, 'failed', 'outcome_unknown')`,
      [id],
    )
    await report(stack, 'email.failed', { email_id, tags: { email_id: id } })
    // This report is late and changes nothing.
    await report(stack, 'email.sent', { email_id, tags: { email_id: id } })
    expect(await read(stack, id)).toMatchObject({ status: 'failed', final: true })
    expect((await stack.redrive(id, '--force')).output).toContain(`${id}: accepted by Resend`)
  }
})

/** Makes an email and its events older. */
async function age(stack: Stack, id: string, hours: number): Promise<void> {
  await stack.query(
    `WITH email AS (UPDATE "Email" SET "createdAt" = "createdAt" - $2 * interval '1 hour' WHERE id = $1)
     UPDATE "EmailEvent" SET at = at - $2 * interval '1 hour' WHERE "emailId" = $1`,
    [id, hours],
  )
}

test('a report that comes five hours late is placed by when it happened', async ({ stack }) => {
  const { id } = await signUp(newAddress(), stack.appUrl)
  await age(stack, id, 6)
  const send = (type: string, hoursAgo: number, at: (ms: number) => string = toIso): Promise<Response> =>
    postReport(stack, { type, created_at: at(Date.now() - hoursAgo * 3_600_000), data: about(id) })
  await send('email.complained', 2)
  // Whole seconds and another zone than Z are valid, too.
  await send('email.delivered', 5, (ms) => toIso(ms + 3_600_000).replace('Z', '+01:00'))
  await send('email.sent', 5.5, (ms) => toIso(ms).replace(/\.\d+/, ''))
  const { status, version, timeline } = await read(stack, id)
  expect({ status, version }).toEqual({ status: 'complained', version: 4 })
  expect(timeline.map(({ status }) => status)).toEqual(['queued', 'sent', 'delivered', 'complained'])
  for (const [index, hours] of [5.5, 5, 2].entries()) {
    const age = Date.now() - Date.parse(timeline[index + 1]?.at ?? '')
    expect(age / 3_600_000).toBeGreaterThan(hours - 0.001)
    expect(age / 3_600_000).toBeLessThan(hours + 0.1)
  }
})

for (const [title, created_at] of [
  ['of before the signup', '2001-01-01T00:00:00.000Z'],
  ['of the future', '2999-01-01T00:00:00.000Z'],
  ['that is no time', 'yesterday'],
  ['without a zone', new Date().toISOString().slice(0, -1)],
  ['of a day that does not exist', '2026-02-30T00:00:00.000Z'],
  ['that is a number', 1_700_000_000],
  ['that is null', null],
  ['that is missing', undefined],
] as const) {
  test(`a report with a time ${title} gets the time of its arrival`, async ({ stack }) => {
    const { id } = await signUp(newAddress(), stack.appUrl)
    await age(stack, id, 1)
    const [before] = await stack.query<{ now: Date }>('SELECT clock_timestamp() AS now')
    const response = await postReport(stack, { type: 'email.delivered', created_at, data: about(id) })
    expect(response.status).toBe(200)
    const [after] = await stack.query<{ now: Date }>('SELECT clock_timestamp() AS now')
    const at = Date.parse((await read(stack, id)).timeline.at(-1)?.at ?? '')
    expect(at).toBeGreaterThanOrEqual(+(before?.now ?? Number.NaN) - 1)
    expect(at).toBeLessThanOrEqual(+(after?.now ?? Number.NaN) + 1)
  })
}

const toIso = (ms: number): string => new Date(ms).toISOString()

function postReport(stack: Stack, letter: object): Promise<Response> {
  const body = JSON.stringify(letter)
  return postWebhook(stack, body, sign(body, { secret: stack.env.RESEND_WEBHOOK_SECRET }))
}

test.describe('refuses with 401, and changes nothing,', () => {
  const minute = 60_000
  const forged: [title: string, headers: (body: string, secret: string) => Record<string, string>][] = [
    ['a body without a signature', () => ({})],
    ['another secret', (body) => sign(body, { secret: `whsec_${randomBytes(32).toString('base64')}` })],
    ['the signature of another body', (_, secret) => sign('{}', { secret })],
    ['a message of six minutes ago', (body, secret) => sign(body, { secret, at: Date.now() - 6 * minute })],
    ['a message of the future', (body, secret) => sign(body, { secret, at: Date.now() + 6 * minute })],
    [
      'a fresh time on an old signature',
      (body, secret) => ({
        ...sign(body, { secret, at: Date.now() - 6 * minute }),
        'svix-timestamp': String(Math.floor(Date.now() / 1000)),
      }),
    ],
    [
      'another id on a right signature',
      (body, secret) => ({ ...sign(body, { secret }), 'svix-id': 'msg_1' }),
    ],
    ['a time that is no number', (body, secret) => ({ ...sign(body, { secret }), 'svix-timestamp': 'now' })],
    ['an unknown version', (body, secret) => ({ ...sign(body, { secret }), 'svix-signature': 'v2,AAAA' })],
  ]
  for (const [title, headersOf] of forged) {
    test(title, async ({ stack }) => {
      const { id } = await signUp(newAddress(), stack.appUrl)
      const body = JSON.stringify({ type: 'email.delivered', data: about(id) })
      const headers = headersOf(body, stack.env.RESEND_WEBHOOK_SECRET ?? '')
      expect((await postWebhook(stack, body, headers)).status).toBe(401)
      expect(await read(stack, id)).toMatchObject({ status: 'queued', version: 1 })
    })
  }
})

for (const headers of [
  { origin: 'https://resend.com' },
  { origin: 'null' },
  { 'sec-fetch-site': 'cross-site' },
  { origin: 'https://proxy.example', 'sec-fetch-site': 'same-site', referer: 'https://proxy.example/' },
] as Record<string, string>[]) {
  test(`the signature alone decides: ${JSON.stringify(headers)}`, async ({ stack }) => {
    const { id } = await signUp(newAddress(), stack.appUrl)
    const body = JSON.stringify({ type: 'email.delivered', data: about(id) })
    expect((await postWebhook(stack, body, headers)).status).toBe(401)
    const signed = sign(body, { secret: stack.env.RESEND_WEBHOOK_SECRET })
    expect((await postWebhook(stack, body, { ...signed, ...headers })).status).toBe(200)
    expect((await read(stack, id)).status).toBe('delivered')
  })
}

test('one right signature among several is enough: secrets can be rotated', async ({ stack }) => {
  const { id } = await signUp(newAddress(), stack.appUrl)
  const body = JSON.stringify({ type: 'email.delivered', data: about(id) })
  const headers = sign(body, { secret: stack.env.RESEND_WEBHOOK_SECRET })
  headers['svix-signature'] = `v1,${randomBytes(32).toString('base64')} ${headers['svix-signature']}`
  expect((await postWebhook(stack, body, headers)).status).toBe(200)
  expect((await read(stack, id)).status).toBe('delivered')
})

for (const [title, body] of [
  ['that is not JSON', 'email.delivered'],
  ['that is empty', ''],
  ['that is null', 'null'],
  ['that is a list', '[]'],
  ['without data', '{"type":"email.sent"}'],
  ['with a type that is no text', '{"type":7,"data":{}}'],
  ['with a NUL for an id', '{"type":"email.sent","data":{"email_id":"\\u0000"}}'],
  ['with half a character for an id', '{"type":"email.sent","data":{"email_id":"\\ud800"}}'],
] as const) {
  test(`a signed body ${title} is a 400`, async ({ stack }) => {
    const headers = sign(body, { secret: stack.env.RESEND_WEBHOOK_SECRET })
    expect((await postWebhook(stack, body, headers)).status).toBe(400)
  })
}

test('more than 64 KiB is a 413, even well signed', async ({ stack }) => {
  const big = await report(stack, 'email.sent', { email_id: 'x'.repeat(65 * 1024) })
  expect(big.status).toBe(413)
  const long = await report(stack, 'email.sent', { email_id: 'x'.repeat(63 * 1024) })
  expect(long.status).toBe(200)
  const { id } = await signUp(newAddress(), stack.appUrl)
  const ours = { email_id: 'x'.repeat(63 * 1024), tags: { email_id: id } }
  expect((await report(stack, 'email.delivered', ours)).status).toBe(200)
  expect((await read(stack, id)).status).toBe('delivered')
})

test('two mails under one id, or under an empty one: the tag tells whose report it is', async ({ stack }) => {
  const ids = await signUpMany(stack, 4)
  for (const [index, email_id] of ['one', 'one', '', ''].entries()) {
    const id = ids[index] ?? ''
    expect((await report(stack, 'email.delivered', { email_id, tags: { email_id: id } })).status).toBe(200)
    expect((await read(stack, id)).status).toBe('delivered')
  }
  expect(await stack.query(`SELECT "providerId" FROM "Email" WHERE "providerId" IS NOT NULL`)).toEqual([
    { providerId: 'one' },
  ])
})

test('a message whose id no index can hold is a 400', async ({ stack }) => {
  const { id } = await signUp(newAddress(), stack.appUrl)
  const letter = { id: randomBytes(3_000).toString('base64') }
  expect((await report(stack, 'email.delivered', about(id), letter)).status).toBe(400)
})

test('the same message twice, and twenty times at once, is stored once', async ({ stack }) => {
  const [first = '', second = ''] = await signUpMany(stack, 2)
  const letter = { id: `msg_${randomUUID()}` }
  const answers = []
  for (let i = 0; i < 2; i++) answers.push(await report(stack, 'email.delivered', about(first), letter))
  expect(await Promise.all(answers.map((answer) => answer.json()))).toEqual([
    { stored: true },
    { stored: false },
  ])
  expect((await read(stack, first)).version).toBe(2)

  const other = { id: `msg_${randomUUID()}` }
  const crowd = await Promise.all(
    Array.from({ length: 20 }, () => report(stack, 'email.delivered', about(second), other)),
  )
  expect(crowd.map(({ status }) => status)).toEqual(Array(20).fill(200))
  const stored = await Promise.all(crowd.map(async (answer) => (await answer.json()).stored))
  expect(stored.filter(Boolean)).toHaveLength(1)
  expect((await read(stack, second)).version).toBe(2)
})

test('in whatever order the reports come, the status only rises', async ({ stack }) => {
  const types = ['email.sent', 'email.delivery_delayed', 'email.delivered', 'email.failed']
  const permutations = permute(types)
  expect(permutations).toHaveLength(24)
  const ranks = { queued: 0, sent: 2, delayed: 3, delivered: 4, failed: 5 } as Record<EmailStatus, number>
  const ids = await signUpMany(stack, permutations.length)
  await Promise.all(
    permutations.map(async (order, index) => {
      const id = ids[index] ?? ''
      let rank = 0
      for (const type of order) {
        expect((await report(stack, type, about(id))).status).toBe(200)
        const { status } = await read(stack, id)
        expect(ranks[status]).toBeGreaterThanOrEqual(rank)
        rank = ranks[status]
      }
      expect((await read(stack, id)).status, order.join(' ')).toBe('failed')
    }),
  )
})

test('all reports at the same moment: the status is the highest', async ({ stack }) => {
  const ids = await signUpMany(stack, 5)
  const types = ['email.sent', 'email.delivery_delayed', 'email.delivered', 'email.complained']
  await Promise.all(ids.flatMap((id) => types.map((type) => report(stack, type, about(id)))))
  for (const id of ids) expect(await read(stack, id)).toMatchObject({ status: 'complained', version: 5 })
})

for (const [title, tags] of [
  ['a map', (id: string) => ({ email_id: id })],
  ['a list', (id: string) => [{ name: 'email_id', value: id }]],
] as const) {
  test(`before the provider's id is stored, the tag tells whose mail it is: ${title}`, async ({ stack }) => {
    const { id } = await signUp(newAddress(), stack.appUrl)
    const providerId = randomUUID()
    await report(stack, 'email.sent', { email_id: providerId, tags: tags(id) })
    // From now on the id is known, and later reports need no tag.
    await report(stack, 'email.delivered', { email_id: providerId })
    const { timeline } = await read(stack, id)
    expect(timeline.map(({ status }) => status)).toEqual(['queued', 'sent', 'delivered'])
    const [row] = await stack.query('SELECT "providerId" FROM "Email"')
    expect(row).toEqual({ providerId })
  })
}

test('what does not concern us is answered 200 and ignored', async ({ stack }) => {
  const { id } = await signUp(newAddress(), stack.appUrl)
  const stranger = { email_id: randomUUID(), tags: { email_id: randomUUID() } }
  for (const [type, data] of [
    ['email.opened', about(id)],
    ['contact.created', { id: randomUUID() }],
    ['email.delivered', stranger],
    ['email.delivered', { email_id: randomUUID(), tags: { email_id: 'not-a-uuid' } }],
    ['email.delivered', { email_id: randomUUID(), tags: 'odd' }],
    ['email.delivered', {}],
  ] as const) {
    const response = await report(stack, type, data)
    expect([response.status, await response.json()], JSON.stringify([type, data])).toEqual([
      200,
      { stored: false },
    ])
  }
  expect(await read(stack, id)).toMatchObject({ status: 'queued', version: 1 })
})

test('a reason never contains an address', async ({ stack }) => {
  const { id } = await signUp(newAddress(), stack.appUrl)
  const talkative = 'Mailbox of ada@example.com is full'
  await report(stack, 'email.failed', { ...about(id), failed: { reason: talkative } })
  await report(stack, 'email.complained', { ...about(id), bounce: { type: talkative, message: talkative } })
  await report(stack, 'email.suppressed', { ...about(id), suppressed: { type: 'ada@example.com' } })
  const { version, timeline } = await read(stack, id)
  expect(version).toBe(4)
  expect(timeline.flatMap(({ reason }) => reason ?? [])).toEqual([])
})

test('without a secret nothing is believed: 503', { tag: '@long' }, async ({ stack }) => {
  const web = await stack.startWeb({ env: { RESEND_WEBHOOK_SECRET: '' } })
  const { id } = await signUp(newAddress(), stack.appUrl)
  const body = JSON.stringify({ type: 'email.delivered', data: about(id) })
  for (const secret of [stack.env.RESEND_WEBHOOK_SECRET, '']) {
    expect((await postWebhook(stack, body, sign(body, { secret }), web.url)).status).toBe(503)
  }
  expect(await read(stack, id)).toMatchObject({ status: 'queued', version: 1 })
})

test('a wrong signing secret: tickets stay at sent, the log says why, and with the right one the repeats are taken', {
  tag: '@long',
}, async ({ stack }) => {
  const secret = `whsec_${randomBytes(32).toString('base64')}`
  const ids = await signUpMany(stack, 3)
  for (const id of ids) await report(stack, 'email.sent', about(id))
  const wrong = await stack.startWeb({ env: { RESEND_WEBHOOK_SECRET: secret, LOG_FORMAT: 'json' } })
  const tell = (id: string, url: string): Promise<Response> =>
    report(stack, 'email.delivered', about(id), { id: `msg_${id}` }, url)
  for (const id of ids) expect((await tell(id, wrong.url)).status).toBe(401)
  for (const id of ids) expect(await read(stack, id)).toMatchObject({ status: 'sent', final: false })
  // Any number of them makes one line a minute.
  expect(wrong.output().match(/"msg":"Rejected a webhook: .* Check RESEND_WEBHOOK_SECRET/g)).toHaveLength(1)
  await wrong.kill('SIGTERM')

  const right = await stack.startWeb({ port: wrong.port })
  for (const id of ids) expect((await tell(id, right.url)).status).toBe(200)
  for (const id of ids) expect(await read(stack, id)).toMatchObject({ status: 'delivered' })
})

test('database down: 503, and the same message is taken when it is back', async ({ stack }) => {
  const { id } = await signUp(newAddress(), stack.appUrl)
  const letter = { id: `msg_${randomUUID()}` }
  const statuses: number[] = []
  const deliver = async (): Promise<boolean> => {
    const { status } = await report(stack, 'email.delivered', about(id), letter)
    statuses.push(status)
    return status === 200
  }
  await stack.withoutPostgres(deliver)
  await waitFor(deliver)
  expect(new Set(statuses)).toEqual(new Set([503, 200]))
  expect((await until(stack, id, ({ final }) => final)).timeline).toHaveLength(2)
})

function permute<Item>(items: Item[]): Item[][] {
  if (items.length < 2) return [items]
  return items.flatMap((item, index) => permute(items.toSpliced(index, 1)).map((rest) => [item, ...rest]))
}

test('reports that come together are recorded together, and each gets its own answer', async ({ stack }) => {
  const gate = await countStatements(stack.databaseUrl)
  const { url } = await stack.startWeb({ env: { DATABASE_URL: gate.databaseUrl } })
  const ids = await writeMany(stack, 200)
  const [twice = '', refused = ''] = ids
  await stack.query(
    `ALTER TABLE "EmailEvent" ADD CONSTRAINT refuse CHECK ("emailId" <> '${refused}') NOT VALID`,
  )
  try {
    const before = gate.count()
    const subjects = [...ids, twice, twice, randomUUID()]
    const deliver = (id: string): Promise<Response> =>
      report(stack, 'email.delivered', about(id), { id: `msg_of_${id}` }, url)
    const answers = await Promise.all(subjects.map(deliver))
    const stored = await Promise.all(answers.map(async (answer) => answer.ok && (await answer.json()).stored))
    // One of three deliveries of the same report counts.
    expect(stored.filter(Boolean)).toHaveLength(ids.length - 1)
    expect(answers.filter(({ status }) => status !== 200)).toHaveLength(1)
    expect(answers[1]?.status).toBe(500)
    expect(stored.at(-1)).toBe(false)
    expect(await stack.query(`SELECT FROM "Email" WHERE status = 'delivered'`)).toHaveLength(ids.length - 1)
    // After the refusal, its group of up to 100 is recorded one by one.
    expect(gate.count() - before).toBeLessThan(180)
  } finally {
    await stack.query('ALTER TABLE "EmailEvent" DROP CONSTRAINT refuse')
    gate.close()
  }
})

test('a report whose sender has hung up is not recorded any more', async ({ stack }) => {
  const [first = '', second = '', third = '', ...others] = await writeMany(stack, 20)
  const send = async (id: string, signal?: AbortSignal): Promise<number | undefined> => {
    const body = JSON.stringify({ type: 'email.delivered', data: about(id) })
    const headers = sign(body, { secret: stack.env.RESEND_WEBHOOK_SECRET })
    const url = `${stack.appUrl}/api/webhooks/resend`
    const post = (): Promise<Response> => fetch(url, { method: 'POST', body, headers, signal })
    const answer = await askUntilTaken(post).catch(() => undefined)
    return answer?.status
  }
  const isServed = (): Promise<boolean> => fetch(`${stack.appUrl}/api/health/live`).then(({ ok }) => ok)
  const lock = new Client({ connectionString: stack.databaseUrl })
  await lock.connect()
  await lock.query('BEGIN; LOCK TABLE "Email"')
  // Two statements are under way at a time. The other reports wait.
  const underWay = []
  for (const id of [first, second]) {
    underWay.push(send(id))
    const sql = `SELECT FROM pg_locks WHERE relation = '"Email"'::regclass AND NOT granted`
    await waitFor(async () => (await stack.query(sql)).length === underWay.length)
  }
  const senders = new AbortController()
  const waiting = others.map((id) => send(id, senders.signal))
  await waitFor(isServed)
  senders.abort()
  await Promise.all(waiting)
  await waitFor(isServed)
  await lock.end()
  expect(await Promise.all([...underWay, send(third)])).toEqual([200, 200, 200])
  expect(await stack.query(`SELECT FROM "Email" WHERE status = 'delivered'`)).toHaveLength(3)
})
