import { expect } from '@playwright/test'
import { Client } from 'pg'
import { PgBoss } from 'pg-boss'
import { isDelivered, newAddress, postSignup, readEvents, signUp } from '../app'
import { readLink, sendLink } from '../links'
import { act, invite, type Owner, signUpOwner, untilOrders } from '../owner'
import { type Stack, waitFor } from '../stack'
import { test } from '../test'
import { dumpDatabase } from './dump'
import { untilSettled } from './oracle'
import {
  closeGate,
  countSends,
  hurry,
  hurryHeartbeats,
  isFinal,
  limitAttempts,
  report,
  signUpMany,
  until,
  untilAsked,
  untilHurried,
} from './steps'

const eraseMe = (owner: Owner): Promise<Response> => act(owner, 'POST', 'erasure')

/** Yields the states of the erasure that a stream sends, up to its end, and then "erased". */
async function* watchErasure(owner: Owner): AsyncGenerator<string> {
  for await (const { event, data } of readEvents(`${owner.url}/api/emails/${owner.id}/events`)) {
    if (event === 'email') yield (data as { erasure?: string }).erasure ?? 'none'
    if (event === 'erased') yield 'erased'
  }
}

const isGone = async (owner: Owner): Promise<boolean> =>
  (await fetch(`${owner.url}/api/emails/${owner.id}`)).status === 404

async function send(stack: Stack, name: string, data: object): Promise<void> {
  const boss = new PgBoss({ connectionString: stack.databaseUrl, supervise: false, schedule: false })
  await boss.start()
  await boss.send(name, data)
  await boss.stop()
}

// orders
/** An invitation that bounces, and a file with their data. */
async function orderEverything(owner: Owner, friend = ''): Promise<void> {
  expect((await invite(owner, [`bounced+${friend}@resend.dev`])).status).toBe(202)
  await untilOrders(owner, ({ invitations }) => invitations?.bounced === 1)
  expect((await act(owner, 'POST', 'export')).status).toBe(202)
  await untilOrders(owner, (orders) => orders.export?.status === 'ready')
}

test('a whole life, erased: neither the database nor any log has heard of them', async ({ stack }) => {
  const name = 'Zebulon Quaxley'
  const address = 'zebulon.q@quaxley.example'
  const traces = [
    ...['zebulon', 'quaxley'],
    'quaxfriend', // orders
  ]
  const tables = [
    ...['"User"', '"Batch"', 'pgboss.job'],
    ...['"Email"', '"Export"'], // orders
  ]
  const worker = await stack.startWorker()

  // A mail that arrives, and a ticket that is sent again.
  const response = await postSignup({ name, email: address }, {}, stack.appUrl)
  const cookie = response.headers.get('set-cookie')?.split(';')[0] ?? ''
  const { user, welcomeEmail } = await response.json()
  const owner: Owner = { id: welcomeEmail.id, userId: user.id, email: address, cookie, url: stack.appUrl }
  await until(stack, owner.id, isDelivered)
  const lost = await fetch(`${stack.appUrl}/api/tickets/lost`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email: address }),
  })
  expect(lost.status).toBe(202)
  await orderEverything(owner, traces[2]) // orders

  // A mail that never started, with a dead letter that holds personal data.
  const addMail = async (kind: string): Promise<string> => {
    const insert = `INSERT INTO "Email" ("userId", kind) VALUES ($1, $2) RETURNING id`
    const [row] = await stack.query<{ id: string }>(insert, [owner.userId, kind])
    return row?.id ?? ''
  }
  const letter = await addMail('newsletter')
  await send(stack, 'send-email-dead', { emailId: letter, to: `${name} <${address}>` })
  await waitFor(async () => {
    const [email] = await stack.query<{ status: string }>('SELECT status FROM "Email" WHERE id = $1', [
      letter,
    ])
    return email?.status === 'failed'
  })

  // A batch in doubt that also has another user's mail: what waits for a worker is one batch.
  await stack.setProvider({ mode: 'hang' })
  await worker.kill('SIGTERM')
  const last = await addMail('welcome')
  await send(stack, 'send-email', { emailId: last })
  const neighbours = await signUpMany(stack, 5)
  const second = await stack.startWorker()
  await untilAsked(stack, last)

  const before = await dumpDatabase(stack)
  for (const trace of traces) expect(countLines(before, [trace]), trace).toBeGreaterThan(0)
  for (const table of tables) {
    const rows = before.split('\n').filter((row) => row.includes(table))
    expect(countLines(rows.join('\n'), traces), table).toBeGreaterThan(0)
  }

  // The erasure waits for that batch, and no longer.
  expect((await eraseMe(owner)).status).toBe(202)
  const states = []
  for await (const state of watchErasure(owner)) {
    states.push(state)
    if (state !== 'waiting') continue
    await stack.setProvider({ mode: 'ok' })
    await hurryHeartbeats(stack)
  }
  expect(states.slice(-2)).toEqual(['waiting', 'erased'])
  for (const id of neighbours) {
    await until(stack, id, isDelivered)
    expect((await countSends(stack, id)).accepted).toBe(1)
  }

  // Later reports find no email.
  const late = await report(stack, 'email.complained', {
    email_id: 'unknown',
    to: [address],
    tags: { email_id: owner.id },
  })
  expect([late.status, await late.json()]).toEqual([200, { stored: false }])

  await untilSettled(stack)
  const dump = await dumpDatabase(stack)
  const logs = stack.output()
  const found = { rows: countLines(dump, traces), lines: countLines(logs, traces) }
  const sizes = { rows: dump.split('\n').length, lines: logs.split('\n').length }
  console.log(
    `Before: ${countLines(before, traces)} rows with their name or an address. After: ${found.rows} of ${sizes.rows} rows, ${found.lines} of ${sizes.lines} lines of the logs.`,
  )
  expect(logs).toContain('erase-user')
  expect(found).toEqual({ rows: 0, lines: 0 })
  // Nor does anything lead to them: their jobs and their session are gone.
  expect(countLines(dump, [owner.id, owner.userId, letter, last])).toBe(0)
  expect(countLines(dump, ['public."session"'])).toBe(neighbours.length)
  expect(await second.kill('SIGTERM')).toBe(0)
})

test('erased before the mail goes out: nothing is sent, and asking twice is asking once', {
  tag: '@long',
}, async ({ stack }) => {
  const owner = await signUpOwner(stack.appUrl)
  await Promise.all([eraseMe(owner), eraseMe(owner), eraseMe(owner)])
  expect(await stack.query(`SELECT FROM pgboss.job WHERE name = 'erase-user'`)).toHaveLength(1)
  expect((await invite(owner, [newAddress()])).status).toBe(404) // orders
  expect((await act(owner, 'POST', 'export')).status).toBe(404) // orders
  // A reminder of an app's own, in three days.
  await send(stack, 'send-email', { userId: owner.userId })
  const reminder = `name = 'send-email' AND data->>'userId' = '${owner.userId}'`
  await stack.query(`UPDATE pgboss.job SET start_after = now() + interval '3 days' WHERE ${reminder}`)
  expect(await stack.query(`SELECT FROM pgboss.job WHERE ${reminder}`)).toHaveLength(1)
  await stack.startWorker()
  await waitFor(() => isGone(owner))
  expect(await stack.query(`SELECT FROM pgboss.job WHERE ${reminder}`)).toEqual([])
  await untilSettled(stack)
  expect((await countSends(stack, owner.id)).calls).toBe(0)
  expect((await eraseMe(owner)).status).toBe(404)
  expect((await fetch(`${stack.appUrl}/tickets/${owner.id}`)).status).toBe(404)
  // A user who was erased may sign up again at once, and the operator can erase them.
  const back = await signUpOwner(stack.appUrl, owner.email)
  await until(stack, back.id, isDelivered)
  const erase = (address: string) => stack.command('erase', address)
  expect((await erase(owner.email.toUpperCase())).code).toBe(0)
  await waitFor(() => isGone(back))
  expect((await erase(owner.email)).code).toBe(1)
  // The log has only the id.
  const again = await signUpOwner(stack.appUrl, owner.email)
  const [user] = await stack.query<{ id: string }>('SELECT id FROM "User" WHERE email = $1', [owner.email])
  expect((await erase(user?.id ?? '')).code).toBe(0)
  await waitFor(() => isGone(again))
  expect((await erase(user?.id ?? '')).code).toBe(1)
  expect((await erase('x')).code).toBe(2)
})

test('a worker is killed in the middle of the erasure: nothing is half gone, and the next one does it', {
  tag: '@long',
}, async ({ stack }) => {
  const owner = await signUpOwner(stack.appUrl)
  const other = await signUpOwner(stack.appUrl)
  const worker = await stack.startWorker()
  await Promise.all([owner, other].map(({ id }) => until(stack, id, isDelivered)))
  {
    await using gate = await closeGate(stack, `SELECT FROM "EmailEvent" FOR UPDATE`)
    await eraseMe(owner)
    await gate.untilReached('DELETE FROM')
    await worker.kill('SIGKILL')
  }
  expect(await isGone(owner)).toBe(false)
  await hurryHeartbeats(stack)
  await stack.startWorker()
  await waitFor(() => isGone(owner))
  expect(await isGone(other)).toBe(false)
  await untilSettled(stack)
})

test('a mail that was given up in doubt: its bytes go at once, and the neighbour is redriven without them', {
  tag: '@long',
}, async ({ stack }) => {
  const owner = await signUpOwner(stack.appUrl)
  const { id: neighbour } = await signUp(newAddress(), stack.appUrl)
  await stack.setProvider({ mode: 'garbage' })
  await stack.startWorker()
  await untilAsked(stack, neighbour)
  await limitAttempts(stack, 1)
  await untilHurried(stack, async () => {
    const failed = await stack.query(`SELECT FROM "Email" WHERE status = 'failed'`)
    return failed.length === 2
  })
  expect(countLines(await dumpDatabase(stack), [owner.email])).toBeGreaterThan(1)
  await eraseMe(owner)
  await waitFor(() => isGone(owner))
  expect(countLines(await dumpDatabase(stack), [owner.email])).toBe(0)

  await stack.setProvider({ mode: 'ok' })
  expect((await stack.redrive()).code).toBe(0)
  await hurry(stack, () => until(stack, neighbour, isFinal))
  expect((await countSends(stack, owner.id)).accepted).toBe(0)
})

/** A stranger signs up with the address of a victim, who gets the mail with its link. */
async function signUpVictim(stack: Stack): Promise<{ victim: string; stranger: Owner; link: string }> {
  await stack.startWorker()
  const victim = newAddress()
  const stranger = await signUpOwner(stack.appUrl, victim)
  await until(stack, stranger.id, isDelivered)
  const link = await readLink(stack.env, stranger.id, 'not-me')
  return { victim, stranger, link }
}

test('“This wasn’t me”: opening the link does nothing; saying so forgets the address, and keeps it forgotten', async ({
  stack,
}) => {
  const { victim, stranger, link } = await signUpVictim(stack)
  const say = (it: string, headers = {}): Promise<Response> => sendLink(stack.appUrl, 'not-me', it, headers)

  // A scanner of links.
  const page = `${stack.appUrl}/not-me#${link}`
  for (const method of ['GET', 'HEAD', 'GET']) expect((await fetch(page, { method })).status).toBe(200)
  expect((await fetch(`${stack.appUrl}/api/not-me`)).status).toBe(405)
  expect((await say(link, { origin: 'https://evil.example' })).status).toBe(403)
  const forged = `${link.slice(0, -1)}${link.endsWith('A') ? 'B' : 'A'}`
  for (const it of [forged, link.slice(0, -4), stranger.id, 'x', '%00', '.', `${stranger.id}.`]) {
    expect((await say(it)).status, it).toBe(404)
  }
  expect(await isGone(stranger)).toBe(false)

  // Twice, and twice again when it is done.
  for (const it of [link, link]) expect((await say(it)).status).toBe(202)
  await waitFor(() => isGone(stranger))
  expect(await (await say(link)).json()).toEqual({ isAsked: false, erasing: null })
  await untilSettled(stack)
  expect(countLines(await dumpDatabase(stack), [victim])).toBe(0)

  // They cannot be signed up again, in any spelling.
  const [local, domain] = victim.split('@')
  for (const email of [victim, `${local}+2@${domain}`]) {
    const refused = await postSignup({ name: 'Ada', email }, {}, stack.appUrl)
    expect(refused.status).toBe(409)
    expect((await refused.json()).errors.email[0]).toContain('asked us not to email it')
  }

  // After 30 days they may.
  await stack.query(`UPDATE "SuppressedMailbox" SET "expiresAt" = now() - interval '1 second'`)
  await until(stack, (await signUp(victim, stack.appUrl)).id, isDelivered)
})

test('a signup joins the session of a user who is being erased: the session stays', { tag: '@long' }, async ({
  stack,
}) => {
  await stack.startWorker()
  const [leaver, joiner] = [await signUpOwner(stack.appUrl), await signUpOwner(stack.appUrl)]
  for (const { id } of [leaver, joiner]) await until(stack, id, isFinal)
  // A signup locks the session, and has not committed yet.
  const signup = new Client({ connectionString: stack.databaseUrl })
  await signup.connect()
  await signup.query('BEGIN')
  await signup.query(
    `WITH session AS (
       UPDATE "Session" SET "usedAt" = now() WHERE id = (SELECT "sessionId" FROM "User" WHERE id = $1) RETURNING id
     ) UPDATE "User" SET "sessionId" = session.id FROM session WHERE "User".id = $2`,
    [leaver.userId, joiner.userId],
  )
  expect((await eraseMe(leaver)).status).toBe(202)
  await waitFor(
    async () =>
      (
        await stack.query(
          `SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%FROM "Session"%'`,
        )
      ).length > 0,
  )
  await signup.query('COMMIT')
  await signup.end()
  await waitFor(() => isGone(leaver))
  expect(await stack.query('SELECT FROM "User" WHERE "sessionId" IS NOT NULL')).toHaveLength(1)
})

test('“This wasn’t me”, said after the sender was erased: the mailbox gets no more mail', async ({
  stack,
}) => {
  const { victim, stranger, link } = await signUpVictim(stack)
  await eraseMe(stranger)
  await waitFor(() => isGone(stranger))
  expect((await sendLink(stack.appUrl, 'not-me', link)).status).toBe(202)
  for (const email of [victim, victim.replace('@', '+2@')])
    expect((await postSignup({ name: 'Ada', email }, {}, stack.appUrl)).status).toBe(409)

  // Also when the 30 days of an earlier time are over.
  await stack.query(`UPDATE "SuppressedMailbox" SET "expiresAt" = now() - interval '1 second'`)
  expect((await sendLink(stack.appUrl, 'not-me', link)).status).toBe(202)
  expect((await postSignup({ name: 'Ada', email: victim }, {}, stack.appUrl)).status).toBe(409)
})

test('what has a lifetime is deleted when it is over, and tickets stay readable', async ({ stack }) => {
  await stack.startWorker()
  const owner = await signUpOwner(stack.appUrl)
  const { id: fresh } = await signUp(newAddress(), stack.appUrl)
  await Promise.all([owner.id, fresh].map((id) => until(stack, id, isDelivered)))
  expect((await act(owner, 'POST', 'export')).status).toBe(202) // orders
  await untilOrders(owner, (orders) => orders.export?.status === 'ready') // orders
  expect(await stack.query('SELECT name, cron FROM pgboss.schedule')).toContainEqual({
    name: 'clean-up',
    cron: '17 * * * *',
  })
  await stack.query(
    `UPDATE "EmailEvent" SET at = at - interval '31 days' WHERE "emailId" = '${owner.id}';
     UPDATE "EmailEvent" SET at = at - interval '31 days' WHERE "emailId" = '${fresh}' AND status <> 'delivered';
     UPDATE "Export" SET "createdAt" = "createdAt" - interval '31 days'; -- orders
     UPDATE "Session" SET "usedAt" = "usedAt" - interval '31 days'
       WHERE id = (SELECT "sessionId" FROM "User" WHERE id = '${owner.userId}');
     INSERT INTO "RateLimit" SELECT 'old ' || i, 1, now() - interval '1 second' FROM generate_series(1, 12000) AS i;
     INSERT INTO "RateLimit" VALUES ('new', 1, now() + interval '1 minute');
     INSERT INTO "SuppressedMailbox" VALUES ('old', now() - interval '1 day'), ('new', now() + interval '1 day');
     WITH batch AS (
       INSERT INTO "Batch" (messages, "attemptsInDoubt", "createdAt")
       VALUES ('[{"to":"ada@example.com"}]', 3, now() - interval '25 hours') RETURNING id
     ), person AS (INSERT INTO "User" (name, email) VALUES ('Eve', 'eve@example.com') RETURNING id)
     INSERT INTO "Email" ("userId", kind, status, "batchId") SELECT person.id, 'welcome', 'failed', batch.id FROM person, batch`,
  )
  await send(stack, 'clean-up', {})
  await waitFor(async () => {
    const [job] = await stack.query<{ state: string }>(`SELECT state FROM pgboss.job WHERE name = 'clean-up'`)
    return job?.state === 'completed'
  })

  const count = async (table: string): Promise<number> => (await stack.query(`SELECT FROM ${table}`)).length
  expect(await stack.query('SELECT messages FROM "Batch"')).toEqual([{ messages: [] }])
  expect(await stack.query('SELECT mailbox FROM "SuppressedMailbox"')).toEqual([{ mailbox: 'new' }])
  expect(await stack.query('SELECT key FROM "RateLimit"')).toEqual([{ key: 'new' }])
  expect(await count('"Export"')).toBe(0) // orders
  expect(await count('"Session"')).toBe(1)
  const old = await (await fetch(`${stack.appUrl}/api/emails/${owner.id}`)).json()
  expect(old).toMatchObject({ status: 'delivered', final: true, version: 2 })
  expect(old.timeline.map(({ status }: { status: string }) => status)).toEqual(['queued', 'delivered'])
  expect((await (await fetch(`${stack.appUrl}/api/emails/${fresh}`)).json()).version).toBe(4)
})

test('a clean-up that fails stops no other, is seen, and is tried again', { tag: '@long' }, async ({
  stack,
}) => {
  await stack.startWorker()
  const readAttention = async (): Promise<unknown> =>
    (await (await fetch(`${stack.appUrl}/api/health`)).json()).attention
  const cleanUp = async (): Promise<void> => {
    await send(stack, 'clean-up', {})
    await waitFor(
      async () =>
        (await stack.query(`SELECT FROM pgboss.job WHERE name = 'clean-up' AND state < 'completed'`))
          .length === 0,
    )
  }
  const count = async (table: string): Promise<number> => (await stack.query(`SELECT FROM "${table}"`)).length
  await stack.query(
    `INSERT INTO "SpentKey" VALUES (gen_random_uuid(), 'hash', now() - interval '1 minute');
     INSERT INTO "SuppressedMailbox" VALUES ('old', now() - interval '1 day');
     INSERT INTO "Session" (id, "usedAt") VALUES ('old', now() - interval '31 days');
     CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'not now'; END $$;
     CREATE TRIGGER refuse BEFORE DELETE ON "SuppressedMailbox" FOR EACH ROW EXECUTE FUNCTION refuse()`,
  )
  try {
    await cleanUp()
    expect([await count('SpentKey'), await count('SuppressedMailbox'), await count('Session')]).toEqual([
      0, 1, 0,
    ])
    await waitFor(async () => (await readAttention()) === 'clean_up_failed')
    expect(stack.output()).toContain('The clean-up of suppressed mailboxes failed')
    expect((await stack.command('doctor')).output).toContain('A clean-up fails')
  } finally {
    await stack.query('DROP FUNCTION refuse CASCADE')
  }
  await cleanUp()
  expect(await count('SuppressedMailbox')).toBe(0)
  await waitFor(async () => (await readAttention()) === null)
})

/** How many lines of a text contain one of these words. */
function countLines(text: string, words: string[]): number {
  return text.split('\n').filter((line) => words.some((word) => line.toLowerCase().includes(word))).length
}
