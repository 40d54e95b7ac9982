import { createHmac, randomUUID } from 'node:crypto'
import { expect } from '@playwright/test'
import { app, isDelivered, newAddress, postSignup, signUp, sql, waitForSnapshot } from '../app'
import { readLink, sendLink } from '../links'
import { act, isOwner, signUpOwner } from '../owner'
import { test } from '../test'

const ask = (body: unknown, headers = {}): Promise<Response> =>
  fetch(`${app.url}/api/tickets/lost`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  })

const open = (link: string, headers = {}): Promise<Response> =>
  sendLink(app.url, 'tickets/open', link, headers)

const countMails = async (email: string, kind: string): Promise<number> =>
  (
    await sql(
      `SELECT FROM "Email" JOIN "User" ON "User".id = "userId" WHERE email = $1 AND kind = $2 AND recipient IS NULL`,
      [email, kind],
    )
  ).length

/** Asks for a ticket, and returns the id of the mail and the link that is in it. */
async function askForLink(email: string): Promise<{ id: string; link: string }> {
  expect((await ask({ email })).status).toBe(202)
  const [mail] = await sql<{ id: string }>(
    `SELECT "Email".id FROM "Email" JOIN "User" ON "User".id = "userId"
     WHERE email = $1 AND kind = 'ticket' ORDER BY "Email"."createdAt" DESC`,
    [email],
  )
  const id = mail?.id ?? ''
  await waitForSnapshot(id, isDelivered)
  return { id, link: await readLink(app.env(), id, 'lost') }
}

/** Signs a link that ends at this time, as an earlier mail would contain it. */
function signLink(emailId: string, endsAt: number): string {
  const { APP_SECRET, RESEND_API_KEY = '' } = app.env()
  const text = `${emailId}.${endsAt}`
  const code = createHmac('sha256', APP_SECRET || RESEND_API_KEY).update(`ticket\n${text}`)
  return `${text}.${code.digest('base64url')}`
}

test('a lost ticket: the link works once, for an hour, and in whatever browser', async () => {
  const owner = await signUpOwner()
  const { id, link } = await askForLink(owner.email)

  // A scanner of links.
  for (const method of ['GET', 'HEAD', 'GET'])
    expect((await fetch(`${app.url}/lost#${link}`, { method })).status).toBe(200)
  expect((await fetch(`${app.url}/api/tickets/open`)).status).toBe(405)
  expect((await open(link, { origin: 'https://evil.example' })).status).toBe(403)
  for (const forged of [`${link.slice(0, -2)}xx`, link.slice(0, -4), id, 'x', '%00', `${randomUUID()}.9.x`]) {
    expect((await open(forged)).status, forged).toBe(404)
  }
  expect((await open(signLink(id, Date.now() - 1000))).status).toBe(410)
  // A link that was signed for another purpose does not open a ticket.
  expect((await open(await readLink(app.env(), id, 'not-me'))).status).toBe(404)

  const answers = await Promise.all([open(link), open(link), open(link)])
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 410, 410])
  const good = answers.find(({ status }) => status === 200) as Response
  expect(await good.json()).toEqual({ ticketId: owner.id })
  const cookie = good.headers.get('set-cookie')?.split(';')[0] ?? ''
  expect([await isOwner(owner, cookie), await isOwner(owner, owner.cookie)]).toEqual([true, false])
  expect((await open(link)).status).toBe(410)
})

test('a lost ticket: the answer does not say who has signed up', async () => {
  const known = newAddress()
  await signUp(known)
  const peaceful = newAddress()
  const { id } = await signUp(peaceful)
  await sql(`UPDATE "Email" SET status = 'complained' WHERE id = $1`, [id])
  const answers = new Set<string>()
  for (const email of [known, newAddress(), ` ${known.toUpperCase()}`, peaceful, newAddress()]) {
    const response = await ask({ email })
    answers.add(`${response.status} ${await response.text()} ${response.headers.get('set-cookie')}`)
  }
  expect(answers.size).toBe(1)
  expect([...answers][0]).toMatch(/^202 /)
  expect([await countMails(known, 'ticket'), await countMails(peaceful, 'ticket')]).toEqual([2, 0])

  for (const body of [{}, { email: 'x' }, { email: known, more: 1 }, [], null])
    expect((await ask(body)).status).toBe(422)
  expect((await ask({ email: known }, { origin: 'https://evil.example' })).status).toBe(403)
  expect((await fetch(`${app.url}/api/tickets/lost`)).status).toBe(405)
})

test('a corrected address: a mail of its own, and reports on the old one stay with the old one', async () => {
  const owner = await signUpOwner(app.url, `bounced+${randomUUID()}@resend.dev`)
  await waitForSnapshot(owner.id, ({ status }) => status === 'bounced')
  const correct = (body: unknown, headers = {}): Promise<Response> =>
    act(owner, 'POST', 'address', body, headers)
  const taken = newAddress()
  const stranger = await signUpOwner(app.url, taken)

  expect((await act({ ...owner, cookie: '' }, 'POST', 'address', { email: newAddress() })).status).toBe(401)
  const other = { ...owner, cookie: stranger.cookie }
  expect((await act(other, 'POST', 'address', { email: newAddress() })).status).toBe(403)
  expect((await act(stranger, 'POST', 'address', { email: newAddress() })).status).toBe(409)
  expect((await correct({ email: newAddress() }, { origin: 'https://evil.example' })).status).toBe(403)
  for (const [status, body] of [
    [422, {}],
    [422, { email: 'ada@nowhere' }],
    [422, { email: newAddress(), name: 'Eve' }],
    [422, { email: owner.email.toUpperCase() }],
    [409, { email: taken }],
  ] as const) {
    const response = await correct(body)
    expect([response.status, response.headers.get('content-type')]).toEqual([
      status,
      'application/problem+json',
    ])
  }
  expect(await countMails(owner.email, 'welcome')).toBe(1)

  // Pressed twice, or repeated because the answer was lost: one mail, and the same answer.
  const address = newAddress()
  const answers = await Promise.all([correct({ email: address }), correct({ email: address })])
  expect(answers.map(({ status }) => status)).toEqual([202, 202])
  const [first, second] = await Promise.all(answers.map((answer) => answer.json()))
  expect(second.welcomeEmail.id).toBe(first.welcomeEmail.id)
  const { user, welcomeEmail } = first
  expect(user).toEqual({ id: owner.userId, name: 'Ada', email: address })
  expect(welcomeEmail).toMatchObject({ status: expect.any(String), final: false })
  expect(welcomeEmail.id).not.toBe(owner.id)
  await waitForSnapshot(welcomeEmail.id, isDelivered)
  expect(await (await correct({ email: address })).json()).toMatchObject({
    user,
    welcomeEmail: { id: welcomeEmail.id, status: 'delivered' },
  })
  expect((await correct({ email: newAddress() })).status).toBe(409)
  expect((await (await fetch(`${app.url}/api/emails/${owner.id}`)).json()).status).toBe('bounced')
  expect(await countMails(address, 'welcome')).toBe(2)

  // Both mails are on one ticket, which still belongs to its owner. The old address is free.
  const page = await fetch(`${app.url}/tickets/${welcomeEmail.id}`, { redirect: 'manual' })
  expect([page.status, page.headers.get('location')]).toEqual([307, `/tickets/${owner.id}`])
  expect(await isOwner(owner, owner.cookie)).toBe(true)
  expect((await postSignup({ name: 'Eve', email: owner.email })).status).toBe(201)
  const { link } = await askForLink(address)
  expect(await (await open(link)).json()).toEqual({ ticketId: owner.id })
})
