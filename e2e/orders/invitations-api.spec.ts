import { randomUUID } from 'node:crypto'
import { expect } from '@playwright/test'
import { app, readEvents, sql } from '../app'
import { act, invite, makeFriends, signUpOwner, streamOrders, untilOrders } from '../owner'
import { askSandbox } from '../stack'
import { test } from '../test'

test('accepts a hundred friends at once, and tells how far they are until the last mail has arrived', async () => {
  const ada = await signUpOwner()
  const friends = [...makeFriends(98), ...makeFriends(1, 'bounced'), ...makeFriends(1, 'suppressed')]
  const response = await invite(ada, friends)
  expect(response.status).toBe(202)
  expect(await response.json()).toMatchObject({ limit: 100, total: 100, failed: 0, final: false })

  const seen = []
  for await (const { invitations } of streamOrders(ada)) seen.push(invitations)
  for (const progress of seen) {
    expect(progress).toMatchObject({ total: 100, failed: 0 })
    expect((progress?.waiting ?? 0) + (progress?.sent ?? 0)).toBe(100)
  }
  expect(seen.length).toBeGreaterThan(1)
  expect(seen.at(-1)).toMatchObject({ waiting: 0, sent: 100, bounced: 2, complained: 0, final: true })
})

test('a browser that has signed out hears nothing more of the orders', async ({ stack }) => {
  const ada = await signUpOwner(stack.appUrl)
  await invite(ada, makeFriends(2))
  const heard: string[] = []
  const headers = { cookie: ada.cookie }
  for await (const { event } of readEvents(`${ada.url}/api/tickets/${ada.id}/orders/events`, headers)) {
    if (event !== 'workers') heard.push(event)
    if (heard.length > 1 || event === 'workers') continue
    const response = await fetch(`${ada.url}/api/session`, { method: 'DELETE', headers })
    expect(response.ok).toBe(true)
    heard.push('signed out')
    await stack.startWorker()
  }
  expect(heard).toEqual(['orders', 'signed out', 'denied', 'over'])
})

test('each friend is invited once, and the mail names the inviting user', async () => {
  const ada = await signUpOwner()
  const [friend = ''] = makeFriends(1)
  await invite(ada, [friend])
  await untilOrders(ada, ({ invitations }) => invitations?.final === true)
  const [email] = await sql<{ id: string }>('SELECT "providerId" AS id FROM "Email" WHERE recipient = $1', [
    friend,
  ])
  const mail = await (await askSandbox(app.env(), `/emails/${email?.id}`)).json()
  expect(mail).toMatchObject({ to: [friend], subject: 'An invitation to Behind the Scenes' })
  expect(mail.text).toContain('Ada invites you.')
  expect(mail.text).toContain(app.url)
  expect(mail.html).not.toContain(ada.email)
})

test('an address counts once, however it is written and how often it is sent', async () => {
  const ada = await signUpOwner()
  const [friend = '', other = ''] = makeFriends(2)
  expect(await (await invite(ada, [friend, ` ${friend.toUpperCase()} `])).json()).toMatchObject({ total: 1 })
  // A double click, and then once more with one more friend.
  const answers = await Promise.all([1, 2, 3].map(() => invite(ada, [friend, other])))
  for (const answer of answers) expect(answer.status).toBe(202)
  await untilOrders(ada, ({ invitations }) => invitations?.final === true)
  const rows = await sql(
    `SELECT recipient, (SELECT count(*)::int FROM pgboss.job WHERE data->>'emailId' = email.id::text) AS jobs,
       (SELECT count(*)::int FROM "EmailEvent" WHERE "emailId" = email.id AND status = 'queued') AS events
     FROM "Email" email WHERE "userId" = $1 AND kind = 'invitation'`,
    [ada.userId],
  )
  expect(rows).toHaveLength(2)
  for (const row of rows) expect(row).toMatchObject({ jobs: 1, events: 1 })
})

test('no user invites more friends than they may, also not with many requests at once', async () => {
  const ada = await signUpOwner()
  const answers = await Promise.all(Array.from({ length: 8 }, () => invite(ada, makeFriends(30))))
  expect(answers.map(({ status }) => status).sort()).toEqual([202, 202, 202, 422, 422, 422, 422, 422])
  const refused = await answers.find(({ status }) => status === 422)?.text()
  expect(refused).toContain('You can invite 100 friends in all. With these it would be 120.')
  const [count] = await sql(`SELECT count(*)::int FROM "Email" WHERE "userId" = $1 AND kind = 'invitation'`, [
    ada.userId,
  ])
  expect(count).toEqual({ count: 90 })
})

test('names every invalid address, and then sends no invitation', async () => {
  const ada = await signUpOwner()
  const response = await invite(ada, [...makeFriends(1), 'grace', 'Grace <grace@example.com>', 'a@b'])
  expect(response.status).toBe(422)
  expect((await response.json()).errors).toEqual({
    emails: [
      '“grace” is not an address.',
      '“Grace <grace@example.com>” is not an address.',
      '“a@b” is not an address.',
    ],
  })
  expect(await sql('SELECT FROM "Email" WHERE "userId" = $1', [ada.userId])).toHaveLength(1)
})

for (const [title, body] of [
  ['nobody', { emails: [] }],
  ['a hundred and one', { emails: makeFriends(101) }],
  ['no list', { emails: 'grace@example.com' }],
  ['numbers', { emails: [1, 2] }],
  ['nothing', {}],
  ['no object', []],
  ['an unknown field', { emails: makeFriends(1), subject: 'Buy!' }],
] as const) {
  test(`refuses ${title} with 422`, async () => {
    const ada = await signUpOwner()
    const response = await act(ada, 'POST', 'invitations', body)
    expect(response.status).toBe(422)
    expect(response.headers.get('content-type')).toBe('application/problem+json')
    expect(await sql('SELECT FROM "Email" WHERE "userId" = $1', [ada.userId])).toHaveLength(1)
  })
}

test('refuses what is no JSON, too much, or from another site', async () => {
  const ada = await signUpOwner()
  expect((await act(ada, 'POST', 'invitations', '{')).status).toBe(400)
  expect((await act(ada, 'POST', 'invitations', '{}', { 'content-type': 'text/plain' })).status).toBe(415)
  expect((await invite(ada, ['x'.repeat(40_000)])).status).toBe(413)
  const foreign = { origin: 'https://evil.example' }
  expect((await act(ada, 'POST', 'invitations', { emails: makeFriends(1) }, foreign)).status).toBe(403)
  expect(await sql('SELECT FROM "Email" WHERE "userId" = $1', [ada.userId])).toHaveLength(1)
})

test('only the one who signed up can invite in their name', async () => {
  const [ada, eve] = await Promise.all([signUpOwner(), signUpOwner()])
  for (const [cookie, status] of [
    ['', 401],
    ['session=', 401],
    ["session=';--", 401],
    [`session=${randomUUID()}`, 401],
    [`session=${'a'.repeat(43)}`, 401],
    [`session=${'a'.repeat(43)}.${'a'.repeat(43)}`, 401],
    [ada.cookie.replace('.', 'x.'), 401],
    [eve.cookie, 403],
  ] as const) {
    expect((await invite({ ...ada, cookie }, makeFriends(1))).status).toBe(status)
  }
  for (const id of [randomUUID(), 'x', eve.userId]) {
    expect((await invite({ ...ada, id }, makeFriends(1))).status).toBe(404)
  }
  expect(await sql('SELECT FROM "Email" WHERE "userId" = $1', [ada.userId])).toHaveLength(1)
  // An invitation is no ticket.
  await invite(ada, makeFriends(1))
  const [email] = await sql<{ id: string }>(
    `SELECT id FROM "Email" WHERE "userId" = $1 AND kind = 'invitation'`,
    [ada.userId],
  )
  expect((await invite({ ...ada, id: email?.id ?? '' }, makeFriends(1))).status).toBe(404)
})

test('answers 405 to other methods', async () => {
  const ada = await signUpOwner()
  for (const method of ['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
    const response = await act(ada, method, 'invitations')
    expect(response.status).toBe(405)
    expect(response.headers.get('allow')).toBe('POST')
  }
})
