import { expect } from '@playwright/test'
import { newAddress, postSignup } from '../app'
import { dumpDatabase } from '../faults/dump'
import { untilSettled } from '../faults/oracle'
import { closeGate, countSends, hurryHeartbeats, isFinal, report, until } from '../faults/steps'
import { readLink, sendLink } from '../links'
import { act, invite, makeFriends, type Owner, signUpOwner, untilOrders } from '../owner'
import { type Stack, waitFor } from '../stack'
import { test } from '../test'

/** How many mails each friend got. */
async function countMails(stack: Stack, owner: Owner): Promise<number[]> {
  const { emails } = await stack.setProvider({})
  const invitations = await stack.query<{ id: string }>(
    `SELECT id FROM "Email" WHERE "userId" = $1 AND kind = 'invitation'`,
    [owner.userId],
  )
  return invitations.map(({ id }) => emails[id]?.accepted ?? 0)
}

test('a worker is killed in the middle of a hundred invitations: each friend gets one mail', {
  tag: '@long',
}, async ({ stack }) => {
  const first = await stack.startWorker()
  const ada = await signUpOwner(stack.appUrl)
  await until(stack, ada.id, isFinal)
  const { calls } = await stack.setProvider({ latencyMs: 8_000 })
  expect((await invite(ada, makeFriends(100))).status).toBe(202)
  await waitFor(async () => (await stack.setProvider({})).calls > calls)
  await first.kill('SIGKILL')
  expect((await untilOrders(ada, () => true)).invitations?.waiting).toBe(100)

  await hurryHeartbeats(stack)
  await stack.setProvider({ latencyMs: 20 })
  await Promise.all([stack.startWorker(), stack.startWorker()])
  const { invitations } = await untilOrders(ada, ({ final }) => final)
  expect(invitations).toMatchObject({ total: 100, sent: 100, failed: 0 })
  await untilSettled(stack)
  expect(await countMails(stack, ada)).toEqual(Array(100).fill(1))
})

test('an answer that gets lost: asking again invites no friend twice', { tag: '@long' }, async ({
  stack,
}) => {
  const ada = await signUpOwner(stack.appUrl)
  const friends = makeFriends(20)
  const web = await stack.startWeb()
  // The commit waits behind this lock, and the server dies before it can answer.
  await stack.query(`CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
       PERFORM pg_sleep(4); RETURN NULL; END $$;
     CREATE CONSTRAINT TRIGGER dawdle AFTER INSERT ON "Email" DEFERRABLE INITIALLY DEFERRED
       FOR EACH ROW WHEN (NEW.recipient LIKE '%resend.dev') EXECUTE FUNCTION dawdle()`)
  const lost = invite({ ...ada, url: web.url }, friends.slice(0, 1)).catch(() => 'lost')
  await waitFor(
    async () => (await stack.query(`SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep'`)).length > 0,
  )
  await web.kill('SIGKILL')
  expect(await lost).toBe('lost')
  await waitFor(async () => (await stack.query(`SELECT FROM "Email" WHERE kind = 'invitation'`)).length === 1)
  await stack.query('DROP TRIGGER dawdle ON "Email"; DROP FUNCTION dawdle()')

  expect((await invite(ada, friends)).status).toBe(202)
  await stack.startWorker()
  expect((await untilOrders(ada, ({ final }) => final)).invitations).toMatchObject({ total: 20, sent: 20 })
  await untilSettled(stack)
  expect(await countMails(stack, ada)).toEqual(Array(20).fill(1))
})

test('given up, and sent again by npm run redrive', async ({ stack }) => {
  await stack.setProvider({ mode: 'invalid' })
  await stack.startWorker()
  const ada = await signUpOwner(stack.appUrl)
  await invite(ada, makeFriends(3))
  const { invitations } = await untilOrders(ada, ({ final }) => final)
  expect(invitations).toMatchObject({ total: 3, waiting: 0, sent: 0, failed: 3 })

  await stack.setProvider({ mode: 'ok' })
  expect((await stack.redrive()).code).toBe(0)
  await untilOrders(ada, (orders) => orders.invitations?.sent === 3)
})

test('soft bounces and failures at Resend: the invitations are final', async ({ stack }) => {
  const ada = await signUpOwner(stack.appUrl)
  await invite(ada, makeFriends(4))
  const ids = await stack.query<{ id: string }>(`SELECT id FROM "Email" WHERE kind = 'invitation'`)
  const [full = '', delayed = '', failed = '', away = ''] = ids.map(({ id }) => id)
  const say = (id: string, type: string, details = {}): Promise<Response> =>
    report(stack, type, { email_id: `mail-of-${id}`, tags: { email_id: id }, ...details })
  await say(full, 'email.bounced', { bounce: { type: 'Transient' } })
  await say(failed, 'email.failed', { failed: { reason: 'reached_daily_quota' } })
  await say(away, 'email.delivered')
  await say(away, 'email.bounced', { bounce: { type: 'Transient' } })
  await say(delayed, 'email.delivery_delayed')
  const read = async () => (await (await act(ada, 'GET', 'orders')).json()).invitations
  expect(await read()).toMatchObject({ waiting: 0, sent: 3, failed: 1, bounced: 0, final: false })
  await say(delayed, 'email.bounced', { bounce: { type: 'Undetermined' } })
  expect(await read()).toMatchObject({ waiting: 0, sent: 3, failed: 1, bounced: 0, final: true })
})

test('a transaction that breaks at its last step: no friend is invited', async ({ stack }) => {
  const ada = await signUpOwner(stack.appUrl)
  await stack.query(`CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
       RAISE EXCEPTION 'not now'; END $$;
     CREATE TRIGGER refuse BEFORE INSERT ON "EmailEvent" FOR EACH ROW EXECUTE FUNCTION refuse()`)
  const response = await invite(ada, makeFriends(50))
  await stack.query('DROP TRIGGER refuse ON "EmailEvent"; DROP FUNCTION refuse()')
  expect(response.status).toBe(503)
  expect(await stack.query('SELECT FROM "Email"')).toHaveLength(1)
  expect(await stack.query(`SELECT FROM pgboss.job WHERE name = 'send-email'`)).toHaveLength(1)
})

test('Postgres is away: 503 with Retry-After, and afterwards it goes on', async ({ stack }) => {
  const ada = await signUpOwner(stack.appUrl)
  await stack.withoutPostgres(async () => {
    for (const answer of [await invite(ada, makeFriends(2)), await act(ada, 'POST', 'export')]) {
      expect(answer.status).toBe(503)
      expect(answer.headers.get('retry-after')).toBe('5')
    }
  })
  expect((await invite(ada, makeFriends(2))).status).toBe(202)
})

test('without the sandbox, no user can invite until the operator allows it, and then so many', {
  tag: '@long',
}, async ({ stack }) => {
  // Any other key means the real Resend.
  const real = { RESEND_API_KEY: 're_real', INVITATIONS_PER_USER: '' }
  const [off, on] = await Promise.all([
    stack.startWeb({ env: real }),
    stack.startWeb({ env: { ...real, INVITATIONS_PER_USER: '3' } }),
  ])
  const ada = await signUpOwner(off.url)
  expect((await invite(ada, makeFriends(1))).status).toBe(404)
  const orders = await act(ada, 'GET', 'orders')
  expect(await orders.json()).toEqual({ invitations: null, export: null, final: true })

  const bea = await signUpOwner(on.url)
  expect((await invite(bea, makeFriends(4))).status).toBe(422)
  expect((await invite(bea, makeFriends(3))).status).toBe(202)
  expect((await invite(bea, makeFriends(1))).status).toBe(422)
})

async function findInvitation(
  stack: Stack,
  friend: string,
): Promise<{ id: string; status: string } | undefined> {
  const [mail] = await stack.query<{ id: string; status: string }>(
    'SELECT id, status FROM "Email" WHERE recipient = $1',
    [friend],
  )
  return mail
}

/** Invites a friend, and returns the token of “This wasn’t me” in the mail that they got. */
async function inviteFriend(stack: Stack, inviter: Owner, friend: string): Promise<string> {
  await invite(inviter, [friend])
  await untilOrders(inviter, ({ final }) => final)
  return await readLink(stack.env, (await findInvitation(stack, friend))?.id ?? '', 'not-me')
}

test('a friend says “This wasn’t me”: their address is forgotten, and no other user invites it', async ({
  stack,
}) => {
  await stack.startWorker()
  const stranger = await signUpOwner(stack.appUrl)
  const [friend, another] = [newAddress(), newAddress()]
  await inviteFriend(stack, stranger, another)
  const link = await inviteFriend(stack, stranger, friend)
  expect((await act(stranger, 'POST', 'export')).status).toBe(202)
  await untilOrders(stranger, (orders) => orders.export?.status === 'ready')
  const file = async (): Promise<string> => (await act(stranger, 'GET', 'export/file')).text()
  expect(await file()).toContain(friend)
  for (let times = 0; times < 2; times++)
    expect(await (await sendLink(stack.appUrl, 'not-me', link)).json()).toEqual({
      isAsked: false,
      erasing: null,
    })
  // The worker deletes its batch, which has the address, a moment after the report.
  await expect.poll(() => dumpDatabase(stack)).not.toContain(friend)
  expect(await file()).toContain(another)
  expect((await (await act(stranger, 'GET', 'orders')).json()).invitations.total).toBe(2)

  expect((await postSignup({ name: 'Ada', email: friend }, {}, stack.appUrl)).status).toBe(409)
  const other = await signUpOwner(stack.appUrl)
  await invite(other, [friend, newAddress()])
  const orders = await untilOrders(other, ({ final }) => final)
  expect(orders.invitations).toMatchObject({ total: 2, bounced: 1 })
  const dropped = await findInvitation(stack, friend)
  expect(dropped?.status).toBe('suppressed')
  expect((await countSends(stack, dropped?.id ?? '')).calls).toBe(0)
})

test('a friend says “This wasn’t me” after the inviter was erased: the address gets no more mail', async ({
  stack,
}) => {
  await stack.startWorker()
  const inviter = await signUpOwner(stack.appUrl)
  const friend = newAddress()
  const link = await inviteFriend(stack, inviter, friend)
  // Their erasure waits for a mail, which is no business of the friend.
  await stack.query(`UPDATE "User" SET erasure = 'waiting'`)
  const early = await sendLink(stack.appUrl, 'not-me', link)
  expect(await early.json()).toEqual({ isAsked: false, erasing: null })
  await stack.query(`UPDATE "User" SET erasure = NULL; DELETE FROM "SuppressedMailbox"`)
  expect((await act(inviter, 'POST', 'erasure')).status).toBe(202)
  await waitFor(async () => (await stack.query('SELECT FROM "User"')).length === 0)
  expect((await sendLink(stack.appUrl, 'not-me', link)).status).toBe(202)
  expect((await postSignup({ name: 'Ada', email: friend }, {}, stack.appUrl)).status).toBe(409)
})

test('a customer refuses an invitation: the same user invites them no more, and other mail reaches them', {
  tag: '@long',
}, async ({ stack }) => {
  await stack.startWorker()
  const [stranger, customer, other] = await Promise.all([1, 2, 3].map(() => signUpOwner(stack.appUrl)))
  if (!stranger || !customer || !other) throw new Error('Three users have signed up')
  await stack.query('UPDATE "User" SET "confirmedAt" = now() WHERE id = $1', [customer.userId])
  const link = await inviteFriend(stack, stranger, customer.email)
  const refusal = await sendLink(stack.appUrl, 'not-me', link)
  expect(await refusal.json()).toMatchObject({ isAsked: true })

  const spellings = [customer.email, customer.email.replace('@', '+again@')]
  expect((await invite(stranger, [...spellings, newAddress()])).status).toBe(202)
  expect((await invite(stranger, spellings)).status).toBe(202)
  await invite(other, [customer.email])
  for (const owner of [stranger, other]) await untilOrders(owner, ({ final }) => final)
  const count = async ({ userId }: Owner) =>
    (await stack.query(`SELECT FROM "Email" WHERE "userId" = $1 AND kind = 'invitation'`, [userId])).length
  expect([await count(stranger), await count(other)]).toEqual([2, 1])
})

test('two users who have invited each other say “This wasn’t me” at the same moment: no deadlock', async ({
  stack,
}) => {
  const worker = await stack.startWorker()
  const [ada, bob] = [await signUpOwner(stack.appUrl), await signUpOwner(stack.appUrl)]
  await stack.query('UPDATE "User" SET "confirmedAt" = now()')
  const links = [await inviteFriend(stack, ada, bob.email), await inviteFriend(stack, bob, ada.email)]
  await worker.kill('SIGTERM')
  await using gate = await closeGate(stack, 'LOCK TABLE "Email" IN SHARE MODE')
  const answers = links.map((link) => sendLink(stack.appUrl, 'not-me', link))
  // Each has locked its inviter by then.
  await waitFor(async () => (await stack.query(`SELECT FROM pg_locks WHERE NOT granted`)).length === 2)
  await gate.open()
  for (const answer of await Promise.all(answers)) {
    expect(answer.status).toBe(202)
    expect(await answer.json()).toMatchObject({ isAsked: true })
  }
})

test('a friend says “This wasn’t me” while their browser, which is also the inviter’s, signs out: no deadlock', async ({
  stack,
}) => {
  const worker = await stack.startWorker()
  const users = [await signUpOwner(stack.appUrl), await signUpOwner(stack.appUrl)]
  // Sessions lock their users by id.
  const [friend, inviter] = users.sort((a, b) => (a.userId < b.userId ? -1 : 1)) as [Owner, Owner]
  const link = await inviteFriend(stack, inviter, friend.email)
  await worker.kill('SIGTERM')
  await stack.query(
    `UPDATE "User" SET "confirmedAt" = now(), "sessionId" = (SELECT "sessionId" FROM "User" WHERE id = $1)`,
    [friend.userId],
  )
  await using gate = await closeGate(stack, 'LOCK TABLE "Email" IN SHARE MODE')
  const answer = sendLink(stack.appUrl, 'not-me', link)
  await gate.untilReached('UPDATE "public"."Email"')
  const signOut = fetch(`${stack.appUrl}/api/session`, {
    method: 'DELETE',
    headers: { cookie: friend.cookie },
  })
  await gate.untilReached('FROM "User" WHERE "sessionId"')
  await gate.open()
  expect((await answer).status).toBe(202)
  expect((await signOut).status).toBe(204)
})

test('a friend says “This wasn’t me” in the middle of an export: it does not keep their address', async ({
  stack,
}) => {
  await stack.query(
    `CREATE FUNCTION wait_here() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
       PERFORM pg_advisory_xact_lock(7);
       RETURN NEW;
     END $$;
     CREATE TRIGGER wait_here BEFORE UPDATE ON "Export" FOR EACH ROW
       WHEN (NEW.content ? 'invitations' AND NOT OLD.content ? 'invitations') EXECUTE FUNCTION wait_here()`,
  )
  try {
    await stack.startWorker()
    const inviter = await signUpOwner(stack.appUrl)
    const friend = newAddress()
    const link = await inviteFriend(stack, inviter, friend)
    await using gate = await closeGate(stack, 'SELECT pg_advisory_lock(7)')
    expect((await act(inviter, 'POST', 'export')).status).toBe(202)
    await gate.untilReached('UPDATE "Export"')
    const answer = sendLink(stack.appUrl, 'not-me', link)
    await Promise.race([answer, gate.untilReached('FOR NO KEY UPDATE OF "User"')])
    await gate.open()
    expect((await answer).status).toBe(202)
    await untilOrders(inviter, (orders) => orders.export?.status === 'ready')
    await expect.poll(() => dumpDatabase(stack)).not.toContain(friend)
  } finally {
    await stack.query('DROP TRIGGER wait_here ON "Export"; DROP FUNCTION wait_here()')
  }
})
