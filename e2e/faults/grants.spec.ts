import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { expect } from '@playwright/test'
import { isDelivered, newAddress, postSignup, readEvents } from '../app'
import { LINK_ROUTES, readLink, readText, sendLink } from '../links'
import { act, invite, isOwner, type Owner, signUpOwner, untilOrders } from '../owner'
import { findPort, type Stack, waitFor } from '../stack'
import { test } from '../test'
import { dumpDatabase } from './dump'
import { until } from './steps'

/* What a permission is given for, to whom, and what takes it away. */

type Signup = { owner: Owner; body: object; key: string }

/** Signs a user up with a key, so that the request can be repeated. */
async function signUpWithKey(url: string, email = newAddress(), cookie = ''): Promise<Signup> {
  const [body, key] = [{ name: 'Ada', email }, randomUUID()]
  const response = await postSignup(body, { 'idempotency-key': key, cookie }, url)
  expect(response.status).toBe(201)
  const { user, welcomeEmail } = await response.json()
  const owner = { id: welcomeEmail.id, userId: user.id, email, cookie: readCookie(response), url }
  return { owner, body, key }
}

const readCookie = (response: Response): string => response.headers.get('set-cookie')?.split(';')[0] ?? ''

const repeat = ({ owner, body, key }: Signup): Promise<Response> =>
  postSignup(body, { 'idempotency-key': key }, owner.url)

const askForTicket = async (url: string, email: string): Promise<void> => {
  const headers = { 'content-type': 'application/json' }
  const body = JSON.stringify({ email })
  expect((await fetch(`${url}/api/tickets/lost`, { method: 'POST', headers, body })).status).toBe(202)
}

/** The id of the newest mail of this kind to a user, once it has arrived. */
async function untilMail(stack: Stack, userId: string, kind: string): Promise<string> {
  let id = ''
  await waitFor(async () => {
    const [mail] = await stack.query<{ id: string }>(
      `SELECT id FROM "Email" WHERE "userId" = $1 AND kind = $2 AND status IN ('delivered', 'bounced')
       ORDER BY "createdAt" DESC`,
      [userId, kind],
    )
    id = mail?.id ?? ''
    return id !== ''
  })
  return id
}

/** Signs a user up whose mail comes back, and corrects the address. */
async function signUpAndCorrect(stack: Stack, email = newAddress()): Promise<Signup> {
  const signup = await signUpWithKey(stack.appUrl, `bounced+${randomUUID()}@resend.dev`)
  await until(stack, signup.owner.id, ({ status }) => status === 'bounced')
  expect((await act(signup.owner, 'POST', 'address', { email })).status).toBe(202)
  return signup
}

/** Opens a ticket by the link in a mail, in another browser. Returns its cookie. */
async function takeOver(stack: Stack, { userId, email }: Owner): Promise<string> {
  await askForTicket(stack.appUrl, email)
  const link = await readLink(stack.env, await untilMail(stack, userId, 'ticket'), 'lost')
  const response = await sendLink(stack.appUrl, 'tickets/open', link)
  expect(response.status).toBe(200)
  return readCookie(response)
}

/** The events that end a grant, each with the status that a repeat of the signup gets then. */
const ENDINGS: Record<string, { status: number; end: (stack: Stack, signup: Signup) => Promise<unknown> }> = {
  'another browser opens the ticket': {
    status: 201,
    async end(stack, { owner }) {
      await stack.startWorker()
      await takeOver(stack, owner)
    },
  },
  'the browser signs out': {
    status: 201,
    end: (stack, { owner }) =>
      fetch(`${stack.appUrl}/api/session`, { method: 'DELETE', headers: { cookie: owner.cookie } }),
  },
  'the user asks to be erased': { status: 410, end: (_, { owner }) => act(owner, 'POST', 'erasure') },
  'a day has passed': {
    status: 201,
    end: (stack, { owner }) =>
      stack.query(`UPDATE "User" SET "createdAt" = now() - interval '24 hours 1 second' WHERE id = $1`, [
        owner.userId,
      ]),
  },
  'the session has expired': {
    status: 201,
    end: (stack) => stack.query(`UPDATE "Session" SET "usedAt" = now() - interval '31 days'`),
  },
}
for (const [ending, { status, end }] of Object.entries(ENDINGS)) {
  test(`a repeat grants nothing when ${ending}`, async ({ stack }) => {
    const signup = await signUpWithKey(stack.appUrl)
    // Until then, the browser that lost the answer may ask for it again.
    expect(readCookie(await repeat(signup))).toBe(signup.owner.cookie)
    await end(stack, signup)
    const { sessionId: before } = await readSession(stack, signup)
    const answer = await repeat(signup)
    expect([answer.status, readCookie(answer)]).toEqual([status, ''])
    expect((await readSession(stack, signup)).sessionId).toBe(before)
  })
}

async function readSession(stack: Stack, { owner }: Signup): Promise<{ sessionId?: string | null }> {
  const [user] = await stack.query<{ sessionId: string | null }>(
    'SELECT "sessionId" FROM "User" WHERE id = $1',
    [owner.userId],
  )
  return user ?? {}
}

test('a repeat grants nothing after a correction, and no key leads to the session of an earlier signup', async ({
  stack,
}) => {
  await stack.startWorker()
  const corrected = await signUpAndCorrect(stack)
  const answer = await repeat(corrected)
  expect([answer.status, readCookie(answer)]).toEqual([201, ''])
  expect(await isOwner(corrected.owner, corrected.owner.cookie)).toBe(true)

  // A browser that has a session keeps it: it gets no second cookie, and no other browser gets the first.
  const second = await signUpWithKey(stack.appUrl, newAddress(), corrected.owner.cookie)
  expect(second.owner.cookie).toBe(corrected.owner.cookie)
  expect(readCookie(await repeat(second))).toBe('')

  // The first user is erased. Another request uses the key after it is forgotten.
  const first = await signUpWithKey(stack.appUrl)
  const kept = await signUpWithKey(stack.appUrl, newAddress(), first.owner.cookie)
  await act(first.owner, 'POST', 'erasure')
  await waitFor(
    async () => (await stack.query('SELECT FROM "User" WHERE id = $1', [first.owner.userId])).length === 0,
  )
  await stack.query('DELETE FROM "SpentKey"')
  const stranger = await postSignup(
    { name: 'Eve', email: newAddress() },
    { 'idempotency-key': first.key },
    stack.appUrl,
  )
  expect(stranger.status).toBe(201)
  expect(await isOwner(kept.owner, readCookie(stranger))).toBe(false)
  expect(await isOwner(kept.owner, kept.owner.cookie)).toBe(true)
})

test('a link speaks for the mailbox in which it was found: neither a new one, nor one that its owner has confirmed', async ({
  stack,
}) => {
  const worker = await stack.startWorker()
  const url = stack.appUrl
  const say = async (link: string): Promise<{ isAsked: boolean; erasing: object | null }> => {
    const response = await sendLink(url, 'not-me', link)
    expect(response.status).toBe(202)
    return await response.json()
  }
  const mayGetMail = async (email: string): Promise<boolean> => {
    const [name = '', domain] = email.split('@')
    const response = await postSignup(
      { name: 'Eve', email: `${name}+${randomUUID().slice(0, 8)}@${domain}` },
      {},
      url,
    )
    return response.status === 201
  }

  await test.step('an old mail, after the address was corrected', async () => {
    const address = newAddress()
    const { owner } = await signUpAndCorrect(stack, address)
    // This mail was requested for the old address, and was not sent before the correction.
    const old = await readLink(stack.env, owner.id, 'not-me')
    expect(await say(old)).toEqual({ isAsked: false, erasing: null })
    expect(await mayGetMail(address)).toBe(true)
    expect(await isOwner(owner, owner.cookie)).toBe(true)
    expect(
      (await sendLink(url, 'tickets/confirm', await readLink(stack.env, owner.id, 'tickets'))).status,
    ).toBe(410)
  })

  await test.step('a ticket that was sent to the address before', async () => {
    const { owner } = await signUpWithKey(url, `bounced+${randomUUID()}@resend.dev`)
    await until(stack, owner.id, ({ status }) => status === 'bounced')
    await askForTicket(url, owner.email)
    const mail = await untilMail(stack, owner.userId, 'ticket')
    await stack.query(`UPDATE "Pace" SET "pausedAt" = now()`)
    await askForTicket(url, owner.email)
    expect((await act(owner, 'POST', 'address', { email: newAddress() })).status).toBe(202)
    await stack.query(`UPDATE "Pace" SET "pausedAt" = NULL`)
    // The mail that still waited goes to neither address.
    await waitFor(async () => {
      const rows = await stack.query(
        `SELECT FROM "EmailEvent" JOIN "Email" ON "Email".id = "emailId" WHERE "userId" = $1 AND kind = 'ticket'
           AND reason = 'address_corrected' AND "EmailEvent".status = 'suppressed'`,
        [owner.userId],
      )
      return rows.length === 1
    })
    expect((await sendLink(url, 'tickets/open', await readLink(stack.env, mail, 'lost'))).status).toBe(410)
    expect(await isOwner(owner, owner.cookie)).toBe(true)
  })

  await test.step('another spelling of a mailbox that a customer has confirmed', async () => {
    const { owner: customer } = await signUpWithKey(url)
    await until(stack, customer.id, isDelivered)
    const confirm = await sendLink(url, 'tickets/confirm', await readLink(stack.env, customer.id, 'tickets'))
    expect(confirm.status).toBe(204)
    const [name, domain] = customer.email.split('@')
    const { owner: stranger } = await signUpWithKey(url, `${name}+x@${domain}`)
    await until(stack, stranger.id, isDelivered)
    const link = await readLink(stack.env, stranger.id, 'not-me')
    // Without a worker, which would erase the stranger in between.
    await worker.kill('SIGTERM')
    for (let times = 0; times < 3; times++) expect((await say(link)).isAsked).toBe(true)
    await stack.startWorker()
    // The stranger's signup is erased. The customer is asked, once.
    await waitFor(async () => (await fetch(`${url}/api/emails/${stranger.id}`)).status === 404)
    expect(await mayGetMail(customer.email)).toBe(true)
    expect(await isOwner(customer, customer.cookie)).toBe(true)
    const asked = await untilMail(stack, customer.userId, 'forget')
    const mails = await stack.query(`SELECT FROM "Email" WHERE kind = 'forget'`)
    expect(mails).toHaveLength(1)

    // The link in the customer's own mail only asks, too, because that mail may have been forwarded. The link in the mail
    // that asks erases the customer.
    expect(await say(await readLink(stack.env, customer.id, 'not-me'))).toEqual({
      isAsked: true,
      erasing: null,
    })
    expect(await isOwner(customer, customer.cookie)).toBe(true)
    expect((await say(await readLink(stack.env, asked, 'not-me'))).isAsked).toBe(false)
    await waitFor(async () => (await fetch(`${url}/api/emails/${customer.id}`)).status === 404)
    expect(await mayGetMail(customer.email)).toBe(false)
  })

  await test.step('a ticket whose mail the owner of the mailbox has refused', async () => {
    const { owner: first } = await signUpWithKey(url)
    await until(stack, first.id, isDelivered)
    await stack.query(`UPDATE "Pace" SET "pausedAt" = now()`)
    const { owner: second } = await signUpWithKey(url, first.email.replace('@', '+x@'))
    expect(await say(await readLink(stack.env, first.id, 'not-me'))).toMatchObject({ isAsked: false })
    await stack.query(`UPDATE "Pace" SET "pausedAt" = NULL`)
    await until(stack, second.id, ({ status }) => status === 'suppressed')
    expect((await act(second, 'POST', 'address', { email: newAddress() })).status).toBe(409)
  })

  // orders
  await test.step('a friend’s invitation, and the friend is a customer', async () => {
    const { owner: friend } = await signUpWithKey(url)
    await stack.query('UPDATE "User" SET "confirmedAt" = now() WHERE id = $1', [friend.userId])
    const { owner: inviter } = await signUpWithKey(url)
    expect((await invite(inviter, [friend.email])).status).toBe(202)
    const invitation = await untilMail(stack, inviter.userId, 'invitation')
    for (let times = 0; times < 3; times++)
      expect(await say(await readLink(stack.env, invitation, 'not-me'))).toEqual({
        isAsked: true,
        erasing: null,
      })
    expect(await isOwner(friend, friend.cookie)).toBe(true)
    expect(await isOwner(inviter, inviter.cookie)).toBe(true)
    expect(await mayGetMail(friend.email)).toBe(true)
  })
})

/** Stands in for all that receive data from the app: a collector of telemetry, and a proxy that logs requests. */
async function eavesdrop(port: number): Promise<{ url: string; text(): string; stop(): void }> {
  let heard = ''
  const server = createServer(async (request, response) => {
    const { url = '', method, headers } = request
    const body = await text(request)
    if (url.startsWith('/v1/')) {
      heard += `${body}\n`
      return response.end('{}')
    }
    heard += `${method} ${url} ${headers.referer} ${headers['user-agent']}\n`
    const { host: _, connection: __, 'content-length': ___, 'transfer-encoding': ____, ...others } = headers
    const answer = await fetch(`http://localhost:${port}${url}`, {
      method,
      headers: others as Record<string, string>,
      body: body || undefined,
      redirect: 'manual',
    })
    const {
      'content-encoding': _____,
      'transfer-encoding': ______,
      ...rest
    } = Object.fromEntries(answer.headers)
    const bytes = Buffer.from(await answer.arrayBuffer())
    response.writeHead(answer.status, { ...rest, 'content-length': bytes.length }).end(bytes)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return {
    url: `http://localhost:${(server.address() as AddressInfo).port}`,
    text: () => heard,
    stop: () => server.closeAllConnections(),
  }
}

/** Everything in a text that may be a token: long words with digits in them, and what follows after dots. */
function findTokens(leaked: string): string[] {
  const words = leaked.match(/[\w-]{20,}(\.[\w-]+)*/g) ?? []
  return [...new Set(words)].filter((word) => /\d/.test(word))
}

/** Returns the places of the app that this string opens. */
async function findGrants(token: string, { owner, body }: Signup): Promise<string[]> {
  const { url } = owner
  const tries: Record<string, Promise<Response>> = {}
  for (const route of LINK_ROUTES) tries[route] = sendLink(url, route, token)
  if (/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/.test(token))
    tries['idempotency-key'] = postSignup(body, { 'idempotency-key': token }, url)
  const opened = (await isOwner(owner, `session=${token}`)) ? [`cookie: ${token}`] : []
  for (const [where, answer] of Object.entries(tries)) {
    const { status, headers } = await answer
    if (status < 300 || headers.has('set-cookie')) opened.push(`${where}: ${token}`)
  }
  return opened
}

test('a whole life: nothing that leaves the app holds a token that the app takes, but for mails and answers', {
  tag: '@long',
}, async ({ stack, page }) => {
  test.setTimeout(240_000)
  const port = await findPort()
  const ear = await eavesdrop(port)
  const env = {
    APP_URL: ear.url,
    LOG_FORMAT: 'json',
    OTEL_EXPORTER_OTLP_ENDPOINT: ear.url,
    OTEL_BSP_SCHEDULE_DELAY: '100',
    OTEL_METRIC_EXPORT_INTERVAL: '500',
  }
  const web = await stack.startWeb({ port, env })
  const worker = await stack.startWorker(env)
  const url = ear.url
  const leaked: string[] = []

  const signup = await signUpWithKey(url)
  const { owner } = signup
  await until(stack, owner.id, isDelivered)
  const letters = [owner.id]

  // Links are opened as a person opens them.
  await page.goto(`${url}/tickets/${owner.id}#${await readLink(stack.env, owner.id, 'tickets')}`)
  await waitFor(
    async () => (await stack.query('SELECT FROM "User" WHERE "confirmedAt" IS NOT NULL')).length === 1,
  )
  expect(page.url()).toBe(`${url}/tickets/${owner.id}`)
  await askForTicket(url, owner.email)
  const ticket = await untilMail(stack, owner.userId, 'ticket')
  letters.push(ticket)
  await page.goto(`${url}/lost#${await readLink(stack.env, ticket, 'lost')}`)
  await page.getByRole('button', { name: 'Open my ticket' }).click()
  await expect(page.getByRole('region', { name: 'Your account' })).toBeVisible()
  const [cookie] = await page.context().cookies()
  owner.cookie = `${cookie?.name}=${cookie?.value}`

  expect((await invite(owner, [newAddress()])).status).toBe(202) // orders
  letters.push(await untilMail(stack, owner.userId, 'invitation')) // orders
  await askForTicket(url, owner.email)
  await waitFor(async () => (await untilMail(stack, owner.userId, 'ticket')) !== ticket)
  letters.push(await untilMail(stack, owner.userId, 'ticket'))
  // The last one, because it erases the user.
  expect((await sendLink(url, 'not-me', await readLink(stack.env, owner.id, 'not-me'))).status).toBe(202)
  letters.push(await untilMail(stack, owner.userId, 'forget'))
  await page.goto(`${url}/not-me#${await readLink(stack.env, owner.id, 'not-me')}`)
  await expect(page.getByRole('button', { name: 'Forget my address' })).toBeVisible()

  expect((await act(owner, 'POST', 'export')).status).toBe(202) // orders
  await untilOrders(owner, (orders) => orders.export?.status === 'ready') // orders
  leaked.push(await (await act(owner, 'GET', 'export/file')).text()) // orders

  // A stranger, and the operator.
  for (const path of [`tickets/${owner.id}`, 'lost', 'not-me', 'api/health', `api/emails/${owner.id}`])
    leaked.push(await (await fetch(`${stack.appUrl}/${path}`)).text())
  // stage
  for await (const { data } of readEvents(`${stack.appUrl}/api/backstage/events`)) {
    leaked.push(JSON.stringify(data))
    if (leaked.length > 8) break
  }

  // While a batch is under way, when it was given up, and when all is done.
  await stack.setProvider({ mode: 'hang' })
  await askForTicket(url, owner.email)
  await waitFor(async () => (await stack.query('SELECT FROM "Batch"')).length === 1)
  leaked.push(await dumpDatabase(stack))
  await stack.setProvider({ mode: 'ok' })
  await worker.kill('SIGTERM')
  leaked.push(await dumpDatabase(stack), stack.output(), web.output(), worker.output(), ear.text())
  expect(ear.text()).toContain('POST /api/tickets/open')
  expect(ear.text()).toContain('"commit"')

  const tokens = findTokens(leaked.join('\n'))
  const inside = { ...signup, owner: { ...owner, url: stack.appUrl } }
  const grants: string[] = []
  for (let start = 0; start < tokens.length; start += 16) {
    const found = await Promise.all(tokens.slice(start, start + 16).map((token) => findGrants(token, inside)))
    grants.push(...found.flat())
  }
  console.log(`${tokens.length} strings in ${leaked.join('').length} characters open ${grants.length} doors.`)
  expect(grants).toEqual([])

  // The strings in the mails themselves do open doors.
  const mails = await Promise.all(letters.map((id) => readText(stack.env, id)))
  const inMails: string[] = []
  for (const token of findTokens(mails.join('\n'))) inMails.push(...(await findGrants(token, inside)))
  const doors = new Set(inMails.map((grant) => grant.split(':')[0]))
  expect([...doors].sort()).toEqual(['not-me', 'tickets/confirm', 'tickets/open'])
  ear.stop()
})

test('a link has an end: a year, a day or an hour after its mail was written', async ({ stack }) => {
  await stack.startWorker()
  const { owner } = await signUpWithKey(stack.appUrl)
  await until(stack, owner.id, isDelivered)
  const lifetimes = await Promise.all(
    (['not-me', 'tickets'] as const).map(async (page) => {
      const link = await readLink(stack.env, owner.id, page)
      return Math.round((Number(link.split('.')[1]) - Date.now()) / 86_400_000)
    }),
  )
  expect(lifetimes).toEqual([365, 365])
  // Another secret, another purpose, another end, another mailbox, none.
  const link = await readLink(stack.env, owner.id, 'not-me')
  const [id, endsAt = '', mailbox = '', code] = link.split('.')
  for (const forged of [
    `${id}.${Number(endsAt) + 1}.${mailbox}.${code}`,
    `${id}.${endsAt}.${mailbox}x.${code}`,
    `${id}.${endsAt}.${code}`,
    `${id}.${code}`,
    `${owner.id}.${endsAt}.`,
    '',
  ])
    for (const route of LINK_ROUTES)
      expect((await sendLink(stack.appUrl, route, forged)).status, `${route} ${forged}`).toBe(404)
  for (const route of ['tickets/open', 'tickets/confirm'] as const)
    expect((await sendLink(stack.appUrl, route, link)).status).toBe(404)
  const other = await signUpOwner(stack.appUrl)
  expect(await isOwner(other)).toBe(true)
})
