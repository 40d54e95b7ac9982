import { randomUUID } from 'node:crypto'
import { expect } from '@playwright/test'
import { app, newAddress, postSignup, sql } from '../app'
import { isOwner, type Owner, signUpOwner } from '../owner'
import { test } from '../test'

const signOut = (cookie: string, headers = {}): Promise<Response> =>
  fetch(`${app.url}/api/session`, { method: 'DELETE', headers: { cookie, ...headers } })

async function signUpIn(cookie: string): Promise<Owner> {
  const email = newAddress()
  const response = await postSignup({ name: 'Ada', email }, { cookie })
  const { user, welcomeEmail } = await response.json()
  const sent = response.headers.get('set-cookie')?.split(';')[0] ?? ''
  return { id: welcomeEmail.id, userId: user.id, email, cookie: sent, url: app.url }
}

test('the cookie is for our server only, and its hash in the database is no session', async () => {
  const response = await postSignup({ name: 'Ada', email: newAddress() })
  const { user } = await response.json()
  const [cookie = '', ...attributes] = (response.headers.get('set-cookie') ?? '').split('; ')
  expect(cookie).toMatch(/^session=[\w-]{43}\.[\w-]{43}$/)
  expect(attributes.sort()).toEqual(['HttpOnly', 'Max-Age=31536000', 'Path=/', 'SameSite=Lax'])
  const [token] = cookie.slice('session='.length).split('.')
  const [row] = await sql<{ sessionId: string }>('SELECT "sessionId" FROM "User" WHERE id = $1', [user.id])
  expect(row?.sessionId).toMatch(/^[\w-]{43}$/)
  expect(row?.sessionId).not.toBe(token)
})

test('a browser holds several tickets, until it signs out', async () => {
  const first = await signUpOwner()
  const second = await signUpIn(first.cookie)
  const stranger = await signUpOwner()
  expect(second.cookie).toBe(first.cookie)
  expect([await isOwner(first), await isOwner(second)]).toEqual([true, true])
  expect(await isOwner({ ...stranger, cookie: first.cookie })).toBe(false)

  expect((await signOut(first.cookie, { origin: 'https://evil.example' })).status).toBe(403)
  const response = await signOut(first.cookie)
  expect(response.status).toBe(204)
  expect(response.headers.get('set-cookie')).toMatch(/^session=; .*Max-Age=0/)
  expect([await isOwner(first), await isOwner(second), await isOwner(stranger)]).toEqual([false, false, true])
  for (const cookie of [first.cookie, 'session=x', '']) expect((await signOut(cookie)).status).toBe(204)
  // A cookie that is no session any more, or never was one, is not taken over.
  for (const cookie of [first.cookie, `session=${'a'.repeat(43)}`])
    expect((await signUpIn(cookie)).cookie).not.toBe(cookie)
})

test('a cookie that another host of the domain can set is not ours', async () => {
  const owner = await signUpOwner()
  for (const mark of ['\u00A0', '\t', ';\u00A0', 'x', '"', '$Version=1,'])
    expect(await isOwner(owner, `a=b; ${mark}${owner.cookie}`), JSON.stringify(mark)).toBe(false)
  expect(await isOwner(owner, `a=b; ${owner.cookie}; session=x`)).toBe(true)
  expect(await isOwner(owner, `a=b;${owner.cookie}`)).toBe(true)
})

test('a browser whose first answer was lost is signed in by the second', async () => {
  const body = { name: 'Ada', email: newAddress() }
  const headers = { 'idempotency-key': randomUUID() }
  const answers = await Promise.all([1, 2, 3].map(() => postSignup(body, headers)))
  const [{ welcomeEmail }] = await Promise.all(answers.map((answer) => answer.json()))
  for (const answer of answers) {
    const cookie = answer.headers.get('set-cookie')?.split(';')[0] ?? ''
    expect(await isOwner({ id: welcomeEmail.id, userId: '', email: body.email, cookie, url: app.url })).toBe(
      true,
    )
  }
})

for (const [title, column, just, over] of [
  ['30 days after its last use', 'usedAt', '29 days', '31 days'],
  ['after a year', 'createdAt', '364 days', '366 days'],
] as const) {
  test(`a session is over ${title}`, async () => {
    const owner = await signUpOwner()
    const age = (interval: string) =>
      sql(
        `UPDATE "Session" SET "${column}" = now() - $1::interval FROM "User" WHERE "User".id = $2 AND "sessionId" = "Session".id`,
        [interval, owner.userId],
      )
    await age(just)
    expect(await isOwner(owner)).toBe(true)
    // Using it is what keeps it.
    const [used] = await sql<{ ms: number }>(
      `SELECT extract(epoch FROM now() - "usedAt")::int * 1000 AS ms FROM "Session" JOIN "User" ON "sessionId" = "Session".id WHERE "User".id = $1`,
      [owner.userId],
    )
    expect(used?.ms).toBeLessThan(60_000)
    await age(over)
    expect(await isOwner(owner)).toBe(false)
    expect((await signUpIn(owner.cookie)).cookie).not.toBe(owner.cookie)
  })
}
