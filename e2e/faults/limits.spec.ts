import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import { json } from 'node:stream/consumers'
import { expect } from '@playwright/test'
import { isDelivered, newAddress, postSignup, readForm, signUp } from '../app'
import { act, invite, signUpOwner } from '../owner'
import { sendForm } from '../pages/person'
import { type Env, findPort, type Stack, type Web, waitFor } from '../stack'
import { test } from '../test'
import { countStatements } from './statements'
import {
  closeGate,
  isFinal,
  postWebhook,
  sign,
  signUpMany,
  until,
  untilAsked,
  updateJobs,
  writeMany,
} from './steps'

let visitors = 0

/** The header of a new visitor, as a proxy of ours would write it. */
const newVisitor = (): Record<string, string> => from(`203.0.113.${++visitors}`)
const from = (addresses: string): Record<string, string> => ({ 'x-forwarded-for': addresses })

/** A web server behind one proxy. */
async function startWeb(stack: Stack, env: Env): Promise<Web> {
  const port = await findPort()
  const web = await stack.startWeb({
    port,
    env: { TRUSTED_HOPS: '1', APP_URL: `http://localhost:${port}`, ...env },
  })
  // The server distinguishes visitors from its first answer on.
  await fetch(`${web.url}/api/health`)
  return web
}

/** Expects a rejection with this status, and with whole seconds until it makes sense to retry. */
async function expectRejection(response: Response, status: number, mostSeconds: number): Promise<void> {
  expect(response.status).toBe(status)
  expect(response.headers.get('content-type')).toBe('application/problem+json')
  expect(response.headers.get('retry-after')).toMatch(/^[1-9]\d*$/)
  expect(Number(response.headers.get('retry-after'))).toBeLessThanOrEqual(mostSeconds)
  const problem = { type: 'about:blank', title: expect.any(String), status, detail: expect.any(String) }
  expect(await response.json()).toEqual(problem)
}

/** The limits that a log names as reached. */
function readReached(output: string): string[] {
  const lines = output.matchAll(/The limit (".*) is reached for \d+ s(, .*)\./g)
  return [...new Set([...lines].map(([, what, who]) => `${what}${who}`))].sort()
}

test('a stranger can do only so much', { tag: '@long' }, async ({ stack, page }) => {
  test.setTimeout(600_000)
  const gate = await countStatements(stack.databaseUrl)
  const web = await startWeb(stack, {
    DATABASE_URL: gate.databaseUrl,
    LIMIT_SIGNUPS_PER_VISITOR: '3',
    LIMIT_MAILS_PER_MAILBOX: '2',
    LIMIT_SIGNUPS_PER_MINUTE: '30',
    LIMIT_REQUESTS_PER_VISITOR: '30',
    LIMIT_STREAMS_PER_VISITOR: '2',
    LIMIT_STREAMS_PER_TICKET: '3',
    LIMIT_STREAMS_PER_PROCESS: '5',
    LIMIT_STREAM_SECONDS: '25',
    LIMIT_EXPORTS_PER_USER: '2', // orders
    LIMIT_WRONG_SIGNATURES: '20',
    FORM_MIN_SECONDS: '5',
    INVITATIONS_PER_USER: '5', // orders
  })
  const signUp = (email: string, headers = newVisitor()): Promise<Response> =>
    postSignup({ name: 'Ada', email }, headers, web.url)

  await test.step('signups of a visitor, whatever becomes of them', async () => {
    const [visitor, email] = [newVisitor(), newAddress()]
    expect((await signUp(email, visitor)).status).toBe(201)
    expect((await signUp(email, visitor)).status).toBe(409)
    expect((await signUp('nonsense', visitor)).status, 'costs no statement, and does not count').toBe(422)
    expect((await signUp(email, visitor)).status).toBe(409)
    await expectRejection(await signUp(newAddress(), visitor), 429, 3600)
    // The second rejection is remembered, with its end.
    const again = await signUp(newAddress(), visitor)
    expect(Number(again.headers.get('retry-after'))).toBeGreaterThan(1800)
    await expectRejection(again, 429, 3600)
    expect((await signUp(newAddress())).status).toBe(201)
    const rows = await stack.query<{ key: string }>('SELECT key FROM "RateLimit"')
    expect(JSON.stringify(rows)).not.toMatch(/203\.0\.113|@|example/)
  })

  await test.step('mails to a mailbox, in all its spellings', async () => {
    const name = randomUUID()
    expect((await signUp(`${name}@example.com`)).status).toBe(201)
    expect((await signUp(`${name}+1@example.com`)).status).toBe(201)
    await expectRejection(await signUp(`${name}+2@example.com`), 429, 24 * 3600)
    const taken = newAddress()
    for (const status of [201, 409, 409, 409]) expect((await signUp(taken)).status).toBe(status)
    expect((await signUp(taken.replace('@', '+1@'))).status, 'a 409 sends no mail').toBe(201)
    const dotted = [1, 2, 3].map((place) => `${name.slice(0, place)}.${name.slice(place)}@gmail.com`)
    const statuses = []
    for (const email of dotted) statuses.push((await signUp(email)).status)
    expect(statuses).toEqual([201, 201, 429])
    const returned = { ...(await signUpOwner(stack.appUrl)), url: web.url }
    await stack.query(`UPDATE "Email" SET status = 'bounced' WHERE id = $1`, [returned.id])
    const correct = (email: string): Promise<Response> =>
      act(returned, 'POST', 'address', { email }, newVisitor())
    const right = newAddress()
    for (let i = 0; i < 3; i++) expect((await correct(right)).status, 'a repeat sends no mail').toBe(202)
    expect((await signUp(right.replace('@', '+1@'))).status).toBe(201)
    await expectRejection(await signUp(right.replace('@', '+2@')), 429, 24 * 3600)
    expect((await correct(right)).status, 'a repeat at the limit').toBe(202)
    // orders
    {
      const owner = { ...(await signUpOwner(stack.appUrl)), url: web.url }
      const response = await invite(owner, [newAddress(), `${name}+friend@example.com`])
      await expectRejection(response, 429, 24 * 3600)
      // Too many for this user, so none is sent. Another user may invite them.
      const friends = Array.from({ length: 6 }, newAddress)
      for (let i = 0; i < 3; i++) expect((await invite(owner, friends)).status).toBe(422)
      expect((await signUp(friends[0] ?? '')).status).toBe(201)
    }
  })

  await test.step('lost tickets of a visitor, and to a mailbox, whether anybody has signed up with it or not', async () => {
    const ask = (email: string, visitor = newVisitor()): Promise<Response> =>
      fetch(`${web.url}/api/tickets/lost`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...visitor },
        body: JSON.stringify({ email }),
      })
    const [visitor, address] = [newVisitor(), newAddress()]
    for (let i = 0; i < 3; i++)
      expect((await ask(address.replace('@', `+${i}@`), visitor)).status).toBe(i < 2 ? 202 : 429)
    const { email } = await signUpOwner(stack.appUrl)
    // This request does not count for the mailbox: see below.
    await expectRejection(await ask(email, visitor), 429, 3600)
    // No mail was sent, and every address can still sign up.
    expect((await signUp(address)).status).toBe(201)
    for (const address of [email, newAddress()]) {
      for (let i = 0; i < 2; i++) expect((await ask(address)).status).toBe(202)
      await expectRejection(await ask(address), 429, 24 * 3600)
    }
  })

  await test.step('reads of a visitor', async () => {
    const headers = newVisitor()
    const read = (method = 'GET'): Promise<Response> =>
      fetch(`${web.url}/api/emails/${randomUUID()}`, { method, headers })
    for (let i = 0; i < 30; i++) expect((await read()).status).toBe(404)
    await expectRejection(await read(), 429, 60)
    expect((await read('HEAD')).status).toBe(429)
    await expectRejection(await fetch(web.url, { headers }), 429, 60)
    expect((await fetch(web.url, { headers: newVisitor() })).status).toBe(200)
    // An operator's tools may request these paths as often as they like.
    for (const path of ['/api/health', '/api/health/live'])
      for (let i = 0; i < 350; i++) expect((await fetch(web.url + path, { headers })).status).toBe(200)
  })

  await test.step('a thousand forged reports: no statement, two lines; a true one gets through', async () => {
    const { id } = await (await signUp(newAddress())).json().then(({ welcomeEmail }) => welcomeEmail)
    const [statements, lines] = [gate.count(), web.output().split('\n').length]
    const visitor = newVisitor()
    const statuses: number[] = []
    const forge = async (): Promise<void> => {
      const response = await postWebhook(stack, '{}', { 'svix-id': 'a', ...visitor }, web.url)
      statuses.push(response.status)
      if (statuses.length === 999) await expectRejection(response, 429, 60)
      else await response.text()
    }
    for (let i = 0; i < 50; i++) await Promise.all(Array.from({ length: 20 }, forge))
    expect(statuses.filter((status) => status === 401)).toHaveLength(20)
    expect(statuses.filter((status) => status === 429)).toHaveLength(980)
    // The queue's own statements, once in a while.
    expect(gate.count() - statements).toBeLessThan(3)
    expect(web.output().split('\n').length - lines).toBeLessThanOrEqual(2)
    const data = { email_id: id, tags: { email_id: id } }
    const body = JSON.stringify({ type: 'email.delivered', data })
    const signed = sign(body, { secret: stack.env.RESEND_WEBHOOK_SECRET })
    expect((await postWebhook(stack, body, { ...signed, ...newVisitor() }, web.url)).status).toBe(200)
  })

  await test.step('reports that are rejected before their signature is read count as forged, too', async () => {
    const visitor = newVisitor()
    const large = 'x'.repeat(65 * 1024)
    const send = (): Promise<Response> => postWebhook(stack, large, { 'svix-id': 'a', ...visitor }, web.url)
    for (let i = 0; i < 20; i++) expect((await send()).status).toBe(413)
    await expectRejection(await send(), 429, 60)
  })

  await test.step('streams of a visitor, about a ticket, and in all; each has its time', async () => {
    const owner = await signUpOwner(stack.appUrl)
    const other = await signUpOwner(stack.appUrl)
    const open = async (id: string, headers = newVisitor()): Promise<IncomingMessage> => {
      const [answer] = await once(get(`${web.url}/api/emails/${id}/events`, { headers }), 'response')
      return answer as IncomingMessage
    }
    const visitor = newVisitor()
    const first = await open(owner.id, visitor)
    const second = await open(other.id, visitor)
    expect([first.statusCode, second.statusCode]).toEqual([200, 200])
    const full = await open(owner.id, visitor)
    expect([full.statusCode, full.headers['retry-after']]).toEqual([429, '10'])
    expect(await json(full)).toMatchObject({ detail: 'Too many streams are open. Close one of them first.' })

    first.destroy()
    await waitFor(async () => (await open(owner.id, visitor)).resume().statusCode === 200)
    const others = [await open(owner.id), await open(owner.id)]
    expect(others.map(({ statusCode }) => statusCode)).toEqual([200, 200])
    for (const cookie of ['', other.cookie, owner.cookie.replace('.', 'x.')])
      expect((await open(owner.id, { cookie, ...newVisitor() })).resume().statusCode).toBe(429)
    // Strangers have taken all places of this ticket, but not those of its owner.
    others.push(await open(owner.id, { cookie: owner.cookie, ...newVisitor() }))
    expect(others.at(-1)?.statusCode).toBe(200)
    const beyond = await open(other.id)
    expect([beyond.statusCode, beyond.headers['retry-after']]).toEqual([503, '10'])
    expect(await json(beyond)).toMatchObject({ detail: 'Too many people are watching.' })
    await Promise.all([second, ...others].map((answer) => once(answer.resume(), 'end')))
    expect((await open(owner.id)).statusCode).toBe(200)
  })

  await test.step('a request body to a page is not kept in memory', async () => {
    const body = 'x'.repeat(100_000)
    for (let i = 0; i < 5; i++) await fetch(web.url, { method: 'POST', body, headers: newVisitor() })
    await expect.poll(() => web.output()).toContain('Request body exceeded 64KB')
    expect(web.output().match(/Request body exceeded/g)).toHaveLength(1)
  })

  // orders
  await test.step('exports of a user', async () => {
    const owner = { ...(await signUpOwner(stack.appUrl)), url: web.url }
    // No worker runs. A repeat returns the export that waits, and counts for nothing.
    for (const times of [3, 1]) {
      for (let i = 0; i < times; i++) expect((await act(owner, 'POST', 'export')).status).toBe(202)
      if (times === 3) expect((await act(owner, 'DELETE', 'export')).status).toBe(200)
    }
    expect((await act(owner, 'POST', 'export')).status, 'a repeat at the limit').toBe(202)
    expect((await act(owner, 'DELETE', 'export')).status).toBe(200)
    await expectRejection(await act(owner, 'POST', 'export'), 429, 24 * 3600)
  })

  await test.step('a form that comes back too soon, or is no form of ours', async () => {
    const send = (more: object): Promise<Response> =>
      postSignup({ name: 'Ada', email: newAddress(), ...more }, newVisitor(), web.url)
    const expectRefusal = async (response: Response, field: string): Promise<void> => {
      expect(response.status, field).toBe(422)
      expect((await response.json()).errors).toEqual({ [field]: [expect.any(String)] })
    }
    // On a busy computer, the answer may take as long as a person does.
    let early = await send({ form: await readForm(web.url) })
    while (early.status === 201) early = await send({ form: await readForm(web.url) })
    await expectRefusal(early, 'form')
    const form = await readForm(web.url)
    await expectRefusal(await send({ form: form.replace(/^\d/, '0') }), 'form')
    await expectRefusal(await send({ form: '' }), 'form')
    await expectRefusal(await send({ form, website: 'https://example.org' }), 'website')
    await waitFor(async () => (await send({ form, website: '' })).status === 201)
    // A program that the docs invite needs none.
    expect((await send({})).status).toBe(201)
  })

  await test.step('a person with a password manager is quick, and notices nothing', async () => {
    await page.goto(web.url)
    await sendForm(page)
    await expect(page).toHaveURL(/\/tickets\//)
  })

  await test.step('a network of many visitors, and what comes to nothing', async () => {
    const subnet = (i: number): string => `2001:db8:1:${(i * 256).toString(16)}::1`
    const taken = newAddress()
    expect((await signUp(taken)).status).toBe(201)
    // More than all visitors together may send in a minute, if these counted.
    for (let i = 0; i < 40; i++) expect((await signUp(taken, from(`2001:db8:2:${i}::1`))).status).toBe(409)
    for (const [most, visitor] of [
      [3, () => '2001:db8:4::1'],
      [6, (i) => `2001:db8:5:${i}::1`],
      [24, subnet],
    ] as [number, (i: number) => string][]) {
      await stack.query(`DELETE FROM "RateLimit"`)
      for (let i = 0; i < most; i++)
        expect((await signUp(newAddress(), from(visitor(i)))).status, visitor(i)).toBe(201)
      await expectRejection(await signUp(newAddress(), from(visitor(most))), 429, 3600)
    }
    expect((await signUp(newAddress(), from('2001:db8:6::1'))).status).toBe(201)
    const rows = await stack.query<{ points: number }>('SELECT points FROM "RateLimit"')
    expect(Math.min(...rows.map(({ points }) => points))).toBeGreaterThanOrEqual(0)
  })

  await test.step('signups of all together', async () => {
    // Extends the window of this minute, because the steps before may take long. A server that sheds load answers 503, too.
    const prolong = () =>
      stack.query(
        `UPDATE "RateLimit" SET "expiresAt" = now() + interval '1 minute' WHERE starts_with(key, 'allSignups:')`,
      )
    let response: Response
    do {
      response = await signUp(newAddress())
      await prolong()
    } while (!web.output().includes('The limit "allSignups"'))
    await expectRejection(response, 503, 60)
    // This rejection does not count for the visitor, who is asked to retry.
    const visitor = newVisitor()
    for (let times = 0; times < 5; times++)
      await expectRejection(await signUp(newAddress(), visitor), 503, 60)
  })

  await test.step('a line of the log for each limit, with its setting and who has reached it', async () => {
    expect(readReached(web.output())).toEqual([
      '"allSignups" (LIMIT_SIGNUPS_PER_MINUTE), by all together',
      '"export" (LIMIT_EXPORTS_PER_USER), by one user', // orders
      '"lostTicket" (LIMIT_MAILS_PER_MAILBOX), by one mailbox',
      '"mailRequest" (LIMIT_SIGNUPS_PER_VISITOR), by one visitor or network',
      '"mailbox" (LIMIT_MAILS_PER_MAILBOX), by one mailbox',
      '"request" (LIMIT_REQUESTS_PER_VISITOR), by one visitor or network',
      '"signup" (LIMIT_SIGNUPS_PER_VISITOR), by one visitor or network',
    ])
  })

  await test.step('while the database does not count, each server counts for itself', async () => {
    await using _ = await closeGate(stack, 'LOCK TABLE "RateLimit"')
    const visitor = newVisitor()
    const statuses = []
    for (let i = 0; i < 4; i++) statuses.push((await signUp(newAddress(), visitor)).status)
    expect(statuses).toEqual([201, 201, 201, 429])
    expect(web.output()).toContain('each process counts on its own until it is back')
  })

  await test.step('without a database no signup counts for a visitor', async () => {
    const visitor = newVisitor()
    const email = newAddress()
    await stack.withoutPostgres(async () => {
      for (let i = 0; i < 6; i++) expect((await signUp(email, visitor)).status).toBe(503)
    })
  })
  gate.close()
})

test('a visitor cannot choose who they are', async ({ stack }) => {
  const env = {
    LIMIT_REQUESTS_PER_VISITOR: '2',
    LIMIT_CONNECTIONS_PER_VISITOR: '20',
    LIMIT_CONNECTIONS: '40',
  }
  const [bare, proxied] = await Promise.all([
    // These two servers need not share their counters.
    startWeb(stack, { ...env, TRUSTED_HOPS: '0', APP_SECRET: 'x'.repeat(32) }),
    startWeb(stack, { ...env, TRUSTED_HOPS: '2' }),
  ])
  /** Returns the statuses of the requests. The third is rejected if all three are one visitor's. */
  const knock = async ({ port }: Web, claims: (string | undefined)[]): Promise<string> => {
    const statuses = []
    for (const claim of claims) {
      const headers = claim === undefined ? {} : from(claim)
      statuses.push((await postSignup({}, headers, `http://127.0.0.1:${port}`)).status)
    }
    return statuses.join()
  }
  const ONE = '422,422,429'

  expect(await knock(bare, ['198.51.100.1', '198.51.100.2, 198.51.100.3', undefined])).toBe(ONE)
  expect(bare.output().match(/have an x-forwarded-for header/g)).toHaveLength(1)

  // The limit of one visitor applies to direct connections. Behind proxies, only the limit of all applies.
  for (const [web, most] of [
    [bare, 20],
    [proxied, 40],
  ] as const) {
    const sockets = Array.from({ length: most + 10 }, () =>
      connect(web.port, '127.0.0.1')
        .on('error', () => {})
        .resume(),
    )
    await waitFor(() => sockets.filter(({ closed }) => closed).length >= 10)
    expect(sockets.filter(({ closed }) => closed).length).toBeLessThan(20)
    for (const socket of sockets) socket.destroy()
    await waitFor(() =>
      fetch(`http://127.0.0.1:${web.port}/api/health/live`).then(
        ({ ok }) => ok,
        () => false,
      ),
    )
  }

  for (const [same, other] of [
    [
      ['1.1.1.1, 198.51.100.1, 10.0.0.1', '198.51.100.1,10.0.0.2', '::1, 198.51.100.1:80, x'],
      '198.51.100.9, x',
    ],
    [['::ffff:198.51.100.2, x', '[::ffff:c633:6402]:80, x', '198.51.100.2, x'], '::c633:6402, x'],
    // An IPv4 address as a translator writes it.
    [
      ['64:ff9b::198.51.100.5, x', '[64:FF9B::c633:6405]:80, x', '198.51.100.5, x'],
      '64:ff9b::198.51.100.6, x',
    ],
    [['2001:db8:1:2::, x', '2001:DB8:1:2:3::4, x', '[2001:db8:1:2:f:f:f:f]:1, x'], '2001:db8:1:3::, x'],
    // A proxy of ours would have written none of these, so the address of the connection counts.
    [['nonsense, x', '198.51.100.4', undefined], '127.0.0.2, x'],
  ] as const) {
    expect(await knock(proxied, [...same]), same[0]).toBe(ONE)
    expect(await knock(proxied, [other])).toBe('422')
  }
  expect(proxied.output().match(/TRUSTED_HOPS is 2, but a request came through fewer proxies/g)).toHaveLength(
    1,
  )
})

test('no more mails go out in an hour than may; the others wait', async ({ stack }) => {
  const accepted = async (): Promise<number> => (await stack.setProvider({})).accepted
  const before = await accepted()
  const worker = await stack.startWorker({ LIMIT_MAILS_PER_HOUR: '3' })
  const ids = await signUpMany(stack, 5)
  const health = async () => (await fetch(`${stack.appUrl}/api/health`)).json()
  const atLimit = { attention: null, paused: { reason: 'hourly_cap' }, queued: 2, failed: 0 }
  await expect.poll(health).toMatchObject(atLimit)
  const { paused } = await health()
  expect(Date.parse(paused.until) - Date.now()).toBeGreaterThan(3_500_000)
  expect(await accepted()).toBe(before + 3)

  // A lost ticket has a share of its own, and ends no pause.
  const { email } = await signUpOwner(stack.appUrl)
  const ask = (): Promise<Response> =>
    fetch(`${stack.appUrl}/api/tickets/lost`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ email }),
    })
  const countTickets = async (which: string): Promise<number> =>
    (await stack.query(`SELECT FROM "Email" WHERE kind = 'ticket' AND ${which}`)).length
  expect((await ask()).status).toBe(202)
  await waitFor(async () => (await countTickets(`status = 'delivered'`)) === 1)
  expect((await ask()).status).toBe(202)
  await waitFor(async () => (await countTickets(`status <> 'delivered'`)) === 1)
  expect(await accepted()).toBe(before + 4)
  expect(await health()).toMatchObject({ ...atLimit, queued: 4 })
  expect(Date.parse((await health()).paused.until)).toBe(Date.parse(paused.until))
  expect(readReached(worker.output())).toEqual(['"mail" (LIMIT_MAILS_PER_HOUR), by all together'])

  // An hour later.
  await stack.query(`UPDATE "RateLimit" SET "expiresAt" = now()`)
  await stack.query(`UPDATE "Pace" SET "nextTurnAt" = now()`)
  for (const id of ids) await until(stack, id, ({ status }) => status === 'delivered')
  const { emails } = await stack.setProvider({})
  expect(ids.map((id) => emails[id]?.accepted)).toEqual([1, 1, 1, 1, 1])
})

test('another worker takes some of what is left of the hour: the rest of it is used, and only then all wait', {
  tag: '@long',
}, async ({ stack }) => {
  const { accepted: before } = await stack.setProvider({})
  await stack.startWorker({ LIMIT_MAILS_PER_HOUR: '10' })
  const { id } = await signUp(newAddress(), stack.appUrl)
  await until(stack, id, isDelivered)
  // Counts as another worker would, after this one has chosen the size of a batch and before it counts.
  await stack.query(
    `CREATE FUNCTION take_some() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
       UPDATE "RateLimit" SET points = 7 WHERE starts_with(key, 'mail:') AND points = 1;
       RETURN NULL;
     END $$;
     CREATE TRIGGER take_some AFTER INSERT ON "Batch" FOR EACH ROW EXECUTE FUNCTION take_some()`,
  )
  try {
    await writeMany(stack, 8)
    await expect.poll(() => stack.query('SELECT reason FROM "Pace"')).toEqual([{ reason: 'hourly_cap' }])
    expect((await stack.setProvider({})).accepted).toBe(before + 4)
  } finally {
    await stack.query('DROP TRIGGER take_some ON "Batch"; DROP FUNCTION take_some()')
  }
})

test('a batch in doubt does not wait for the hourly limit, for which it counted before', async ({
  stack,
}) => {
  const settings = { LIMIT_MAILS_PER_HOUR: '100' }
  await stack.setProvider({ mode: 'hang' })
  const [id = ''] = await signUpMany(stack, 1)
  const worker = await stack.startWorker(settings)
  await untilAsked(stack, id)
  await worker.kill('SIGKILL')
  await stack.setProvider({ mode: 'ok' })
  await stack.query(
    `INSERT INTO "Pace" AS pace (account, "nextTurnAt", reason) VALUES ('resend', now() + interval '1 hour', 'hourly_cap')
     ON CONFLICT (account) DO UPDATE SET "nextTurnAt" = excluded."nextTurnAt", reason = excluded.reason`,
  )
  await updateJobs(stack, 'start_after = now()', `name = 'retry-batch'`)
  await stack.startWorker(settings)
  await until(stack, id, isFinal)
  expect(
    await stack.query('SELECT reason FROM "Pace" WHERE "nextTurnAt" > now() + interval \'50 minutes\''),
  ).toEqual([{ reason: 'hourly_cap' }])
})

test('lost tickets that skip the pause of the hourly limit keep to the limit of Resend, and end no pause', {
  tag: '@long',
}, async ({ stack }) => {
  // The worker knows a limit that the provider does not enforce: on a busy computer, a request may arrive too soon.
  await stack.setProvider({ rateLimit: 0 })
  const settings = { LIMIT_MAILS_PER_HOUR: '100', RESEND_RATE_LIMIT: '1' }
  const worker = await stack.startWorker(settings)
  const owners = []
  for (let i = 0; i < 4; i++) owners.push(await signUpOwner(stack.appUrl))
  for (const { id } of owners) await until(stack, id, ({ status }) => status === 'delivered')
  await stack.query(`UPDATE "RateLimit" SET points = 100 WHERE starts_with(key, 'mail:')`)
  await signUpMany(stack, 1)
  const readPace = () => stack.query(`SELECT reason, "nextTurnAt" FROM "Pace"`)
  await expect.poll(readPace).toMatchObject([{ reason: 'hourly_cap' }])
  const pace = await readPace()

  const ask = (email: string): Promise<Response> => {
    const headers = { 'content-type': 'application/json' }
    return fetch(`${stack.appUrl}/api/tickets/lost`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ email }),
    })
  }
  for (const { email } of owners) await ask(email)
  const sent = () => stack.query(`SELECT FROM "Email" WHERE kind = 'ticket' AND status = 'delivered'`)
  await expect.poll(sent).toHaveLength(owners.length)
  const [{ seconds } = { seconds: 0 }] = await stack.query<{ seconds: number }>(
    `SELECT extract(epoch FROM max(at) - min(at))::float8 AS seconds FROM "EmailEvent"
     JOIN "Email" ON "Email".id = "emailId" WHERE kind = 'ticket' AND "EmailEvent".status = 'sending'`,
  )
  // Three gaps of 1.1 s, less what the first one was late.
  expect(seconds).toBeGreaterThan(2)
  expect(await readPace()).toEqual(pace)

  // The same for the second attempt, after a worker has died in the first.
  await stack.setProvider({ mode: 'hang' })
  await ask(owners[0]?.email ?? '')
  await expect.poll(() => stack.query('SELECT FROM "Batch"')).toHaveLength(1)
  await worker.kill('SIGKILL')
  await stack.setProvider({ mode: 'ok' })
  await stack.query(`UPDATE pgboss.job SET start_after = now() WHERE name = 'retry-batch'`)
  await stack.startWorker(settings)
  await expect.poll(sent).toHaveLength(owners.length + 1)
  expect(await readPace()).toEqual(pace)
})

test('what was counted for a failed signup is refunded, if need be later', { tag: '@long' }, async ({
  stack,
}) => {
  const web = await startWeb(stack, { LIMIT_MAILS_PER_MAILBOX: '9' })
  const person = { name: 'Ada', email: newAddress() }
  expect((await postSignup(person, newVisitor(), web.url)).status).toBe(201)

  await using users = await closeGate(stack, 'LOCK TABLE "User" IN SHARE MODE')
  const signup = postSignup(person, newVisitor(), web.url)
  await users.untilReached('INSERT INTO')
  await using limits = await closeGate(stack, 'LOCK TABLE "RateLimit"')
  await users.open()
  expect((await signup).status).toBe(409)
  await limits.open()
  const readPoints = (): Promise<{ points: number }[]> =>
    stack.query(`SELECT points FROM "RateLimit" WHERE key LIKE 'mailbox:%'`)
  await expect.poll(readPoints).toEqual([{ points: 1 }])
})

test('what fails by a fault of ours counts for no visitor', async ({ stack }) => {
  const web = await startWeb(stack, { LIMIT_SIGNUPS_PER_VISITOR: '2' })
  const visitor = newVisitor()
  const email = newAddress()
  const owner = newAddress()
  expect((await postSignup({ name: 'Ada', email: owner }, newVisitor(), web.url)).status).toBe(201)
  const signUp = async (): Promise<number> =>
    (await postSignup({ name: 'Ada', email }, visitor, web.url)).status
  const askForTicket = async (): Promise<number> => {
    const headers = { 'content-type': 'application/json', ...visitor }
    const body = JSON.stringify({ email: owner })
    return (await fetch(`${web.url}/api/tickets/lost`, { method: 'POST', headers, body })).status
  }
  await stack.query('ALTER SCHEMA pgboss RENAME TO gone')
  try {
    for (let times = 0; times < 4; times++) expect([await signUp(), await askForTicket()]).toEqual([503, 503])
  } finally {
    await stack.query('ALTER SCHEMA gone RENAME TO pgboss')
  }
  expect([await signUp(), await askForTicket()]).toEqual([201, 202])
  // The visitor's own mistakes still count.
  expect([await signUp(), await signUp()]).toEqual([409, 429])
})

test('many wrong passwords: the right one has to wait, too', { tag: '@long' }, async ({ stack }) => {
  const OPERATOR_TOKEN = 'a-token-for-the-operator'
  const BACKSTAGE_TOKEN = 'a-token-for-the-crew' // stage
  const env: Env = {
    ...{ RESEND_API_KEY: 're_real', LIMIT_WRONG_PASSWORDS: '3', TRUSTED_HOPS: '1', OPERATOR_TOKEN },
    BACKSTAGE_TOKEN, // stage
  }
  const port = await findPort()
  const [web] = await Promise.all([
    startWeb(stack, env),
    stack.startWorker({ ...env, WORKER_PORT: `${port}` }),
  ])
  /** Returns whether health shows what only the operator may know. */
  const opens = async (
    password: string,
    visitor: Record<string, string>,
    url = web.url,
  ): Promise<boolean> => {
    const headers = { authorization: `Bearer ${password}`, ...visitor }
    return 'failed' in (await (await fetch(`${url}/api/health`, { headers })).json())
  }
  const guess = async (visitor: Record<string, string>, url?: string): Promise<boolean[]> => {
    const opened = []
    for (const password of [OPERATOR_TOKEN, 'wrong', 'wrong', 'wrong', OPERATOR_TOKEN])
      opened.push(await opens(password, visitor, url))
    return opened
  }
  const visitor = newVisitor()
  expect(await guess(visitor)).toEqual([true, false, false, false, false])
  expect(await opens(OPERATOR_TOKEN, newVisitor())).toBe(true)
  // At a worker's port, wrong passwords count, too.
  expect(await guess(newVisitor(), `http://127.0.0.1:${port}`)).toEqual([true, false, false, false, false])

  // stage
  {
    const paths = ['/backstage', '/api/backstage/events', '/api/backstage/redrive']
    const knock = (
      password: string,
      visitor: Record<string, string>,
      path = '/backstage',
    ): Promise<Response> => {
      const authorization = `Basic ${Buffer.from(`anybody:${password}`).toString('base64')}`
      return fetch(web.url + path, { method: 'HEAD', headers: { authorization, ...visitor } })
    }
    expect((await knock(BACKSTAGE_TOKEN, visitor)).status).toBe(429)
    const other = newVisitor()
    for (const path of paths) expect((await knock('wrong', other, path)).status).toBe(401)
    for (const path of paths) {
      const response = await knock(BACKSTAGE_TOKEN, other, path)
      expect([response.status, response.headers.get('content-type')]).toEqual([
        429,
        'application/problem+json',
      ])
      expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(500)
    }
    expect((await knock(BACKSTAGE_TOKEN, newVisitor())).status).toBe(200)
    // It also opens the operator's part of health, where guesses are limited as well.
    expect(await opens(BACKSTAGE_TOKEN, other)).toBe(false)
    expect(await opens(BACKSTAGE_TOKEN, newVisitor())).toBe(true)
    // A visitor who has not tried a password is asked for one.
    expect((await fetch(`${web.url}/backstage`, { headers: newVisitor() })).status).toBe(401)
  }
})

test('only the form may sign up, if so set', async ({ stack }) => {
  const web = await startWeb(stack, { FORM_ONLY: 'true', FORM_MIN_SECONDS: '0' })
  const person = { name: 'Ada', email: newAddress() }
  const form = await readForm(web.url)
  const statuses = []
  for (const more of [{}, { form }])
    statuses.push((await postSignup({ ...person, ...more }, newVisitor(), web.url)).status)
  expect(statuses).toEqual([422, 201])
})
