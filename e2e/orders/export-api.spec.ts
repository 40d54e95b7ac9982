import { randomUUID } from 'node:crypto'
import { expect } from '@playwright/test'
import { app, sql } from '../app'
import { act, invite, makeFriends, type Owner, signUpOwner, streamOrders, untilOrders } from '../owner'
import { test } from '../test'

async function exportData(owner: Owner): Promise<void> {
  expect((await act(owner, 'POST', 'export')).status).toBe(202)
  await untilOrders(owner, (orders) => orders.export?.status === 'ready')
}

async function readSecrets(owner: Owner): Promise<string[]> {
  const [user] = await sql<{ sessionId: string; signupKey: string }>(
    `UPDATE "User" SET "signupKey" = coalesce("signupKey", gen_random_uuid()::text) WHERE id = $1
     RETURNING "sessionId", "signupKey"`,
    [owner.userId],
  )
  return [user?.sessionId ?? '', user?.signupKey ?? '', owner.cookie.split(/[=.]/)[1] ?? '']
}

test('makes a file chapter by chapter, and tells how far it is until the file is there', async () => {
  const ada = await signUpOwner()
  const response = await act(ada, 'POST', 'export')
  expect(response.status).toBe(202)
  expect(await response.json()).toMatchObject({ total: 5 })

  const seen = []
  for await (const orders of streamOrders(ada)) seen.push(orders.export)
  expect(seen.at(-1)).toEqual({ status: 'ready', done: 5, total: 5, expiresAt: expect.any(String) })
  const done = seen.map((progress) => progress?.done ?? 0)
  expect(done).toEqual(done.toSorted((a, b) => a - b))

  const hours = (Date.parse(seen.at(-1)?.expiresAt ?? '') - Date.now()) / 3_600_000
  expect(hours).toBeGreaterThan(23.9)
  expect(hours).toBeLessThanOrEqual(24)
})

test('the file holds all that is known of its owner, and nothing of anybody else', async () => {
  const [ada, eve] = await Promise.all([signUpOwner(), signUpOwner()])
  const [friend = '', stranger = ''] = makeFriends(2)
  await Promise.all([invite(ada, [friend]), invite(eve, [stranger])])
  await Promise.all([ada, eve].map((owner) => untilOrders(owner, ({ final }) => final)))
  const secrets = await Promise.all([ada, eve].map(readSecrets))
  await exportData(ada)

  const response = await act(ada, 'GET', 'export/file')
  expect(response.status).toBe(200)
  expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8')
  expect(response.headers.get('content-disposition')).toBe('attachment; filename="my-data.json"')
  expect(response.headers.get('cache-control')).toBe('private, no-store')
  const text = await response.text()
  const file = JSON.parse(text)
  expect(Object.keys(file)).toEqual(['askedFor', 'account', 'emails', 'timelines', 'invitations', 'exports'])
  expect(file).toMatchObject({
    account: { name: 'Ada', email: ada.email },
    emails: [
      { id: ada.id, kind: 'welcome', message: { to: ada.email, subject: 'Welcome to Behind the Scenes' } },
    ],
    timelines: [{ id: ada.id }],
    invitations: [{ recipient: friend, status: 'delivered' }],
    exports: [{ status: 'working' }],
  })
  const statuses = file.invitations[0].events.map(({ status }: { status: string }) => status)
  expect(statuses).toEqual(expect.arrayContaining(['queued', 'sending', 'sent', 'delivered']))
  for (const secret of [eve.email, eve.userId, eve.id, stranger, ...secrets.flat()]) {
    expect(text).not.toContain(secret)
  }
})

test('when the file is ready, one can ask for a newer one', async () => {
  const ada = await signUpOwner()
  await exportData(ada)
  await exportData(ada)
  const exports = await sql('SELECT status FROM "Export" WHERE "userId" = $1', [ada.userId])
  expect(exports).toEqual([{ status: 'ready' }, { status: 'ready' }])
})

test('without a file it says why', async () => {
  const ada = await signUpOwner()
  expect((await act(ada, 'GET', 'export/file')).status).toBe(404)
  expect((await act(ada, 'DELETE', 'export')).status).toBe(404)
  for (const [status, answer] of [
    ['queued', 409],
    ['working', 409],
    ['canceled', 404],
    ['failed', 404],
    ['expired', 410],
  ] as const) {
    await sql('INSERT INTO "Export" ("userId", status, "createdAt") VALUES ($1, $2, clock_timestamp())', [
      ada.userId,
      status,
    ])
    const response = await act(ada, 'GET', 'export/file')
    expect(response.status, status).toBe(answer)
    expect(response.headers.get('content-type')).toBe('application/problem+json')
  }
})

test('a file whose time is over is not given out, even if it is not deleted yet', async () => {
  const ada = await signUpOwner()
  await exportData(ada)
  await sql(`UPDATE "Export" SET "expiresAt" = now() - interval '1 second' WHERE "userId" = $1`, [ada.userId])
  expect((await act(ada, 'GET', 'export/file')).status).toBe(410)
})

test('only the owner can start, cancel, watch and download', async () => {
  const [ada, eve] = await Promise.all([signUpOwner(), signUpOwner()])
  await exportData(ada)
  for (const [method, path] of [
    ['POST', 'export'],
    ['DELETE', 'export'],
    ['GET', 'export/file'],
    ['GET', 'orders'],
    ['GET', 'orders/events'],
  ] as const) {
    for (const [owner, status] of [
      [{ ...ada, cookie: '' }, 401],
      [{ ...ada, cookie: eve.cookie }, 403],
      [{ ...ada, id: randomUUID() }, 404],
      [{ ...ada, id: 'x' }, 404],
    ] as const) {
      const response = await act(owner, method, path)
      expect(response.status, `${method} ${path}`).toBe(status)
      expect(response.headers.get('content-type')).toBe('application/problem+json')
    }
  }
  for (const method of ['POST', 'DELETE']) {
    const response = await act(ada, method, 'export', undefined, { origin: 'https://evil.example' })
    expect(response.status).toBe(403)
  }
  expect(await sql('SELECT status FROM "Export" WHERE "userId" = $1', [ada.userId])).toEqual([
    { status: 'ready' },
  ])
})

test('the orders of a user without orders: the stream says so, and ends', async () => {
  const ada = await signUpOwner()
  const none = { invitations: expect.objectContaining({ limit: 100, total: 0 }), export: null, final: true }
  expect(await (await act(ada, 'GET', 'orders')).json()).toEqual(none)
  const seen = []
  for await (const orders of streamOrders(ada)) seen.push(orders)
  expect(seen).toEqual([none])
})

test('answers 405 to other methods', async () => {
  for (const [path, method, allow] of [
    ['export', 'GET', 'POST, DELETE'],
    ['export', 'PUT', 'POST, DELETE'],
    ['export/file', 'POST', 'GET, HEAD'],
    ['orders', 'DELETE', 'GET, HEAD'],
    ['orders/events', 'POST', 'GET, HEAD'],
  ] as const) {
    const response = await fetch(`${app.url}/api/tickets/${randomUUID()}/${path}`, { method })
    expect(response.status).toBe(405)
    expect(response.headers.get('allow')).toBe(allow)
  }
})
