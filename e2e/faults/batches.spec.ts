import { expect } from '@playwright/test'
import { Client } from 'pg'
import { isDelivered, newAddress, postSignup, signUp } from '../app'
import {
  act,
  invite, // orders
  makeFriends, // orders
  type Owner,
  signUpOwner,
} from '../owner'
import { type Stack, waitFor } from '../stack'
import { test } from '../test'
import { findFaults, isOpenJob, untilSettled } from './oracle'
import { type Answer, refuse, startRelay } from './relay'
import {
  countCalls,
  countEmails,
  countSends,
  holdReports,
  hurryHeartbeats,
  isFinal,
  makeDue,
  queueMails,
  signUpMany,
  until,
  untilHurried,
  writeMany,
} from './steps'

const newInvalid = (): string => `invalid+${newAddress().slice(0, 36)}@resend.dev`

/** Lists all batches that are left, and all open jobs except those of the schedule. */
async function listLeftovers(stack: Stack): Promise<unknown[]> {
  return [
    ...(await stack.query('SELECT id FROM "Batch"')),
    // A sweep of this minute may be under way.
    ...(await stack.query(
      `SELECT name, data FROM pgboss.job WHERE ${isOpenJob} AND name NOT IN (SELECT name FROM pgboss.schedule)`,
    )),
  ]
}

async function areAsked(stack: Stack, ids: string[]): Promise<boolean> {
  const { emails } = await stack.setProvider({})
  return ids.every((id) => emails[id])
}

/** The ids of the emails that are in an unfinished batch. */
async function listInDoubt(stack: Stack): Promise<string[]> {
  const emails = await stack.query<{ id: string }>('SELECT id FROM "Email" WHERE "batchId" IS NOT NULL')
  return emails.map(({ id }) => id)
}

async function deleteUser(stack: Stack, emailId = ''): Promise<void> {
  await stack.query('DELETE FROM "User" WHERE id = (SELECT "userId" FROM "Email" WHERE id = $1)', [emailId])
}

test('rejected together, and then alone: what is not wanted any more is not sent, and its user is erased at once', {
  tag: '@long',
}, async ({ stack }) => {
  const signUp = (): Promise<Owner> => signUpOwner(stack.appUrl)
  const [unwanted, erased, leaving, wanted] = [await signUp(), await signUp(), await signUp(), await signUp()]
  await using relay = await startRelay(stack, async (mails, forward) => {
    if (mails.length === 1) return await forward()
    await stack.query(`UPDATE "Pace" SET "pausedAt" = now()`)
    return refuse(422, 'validation_error')
  })
  await stack.startWorker(relay.env)
  await waitFor(
    async () => (await listInDoubt(stack)).length === 4 && (await countEmails(stack, 'retrying')) === 4,
  )
  await stack.query(
    `INSERT INTO "SuppressedMailbox" (mailbox, "expiresAt")
     SELECT mailbox, now() + interval '1 day' FROM "User" WHERE id = $1`,
    [unwanted.userId],
  )
  expect((await act(erased, 'POST', 'erasure')).status).toBe(202)
  await waitFor(async () => (await stack.query('SELECT FROM "User"')).length === 3)

  // As if this user had requested the erasure a moment ago.
  await stack.query(`UPDATE "User" SET erasure = 'requested' WHERE id = $1`, [leaving.userId])
  await stack.query(`UPDATE "Pace" SET "pausedAt" = NULL`)
  await untilHurried(stack, async () => (await listInDoubt(stack)).length === 0)
  expect((await until(stack, unwanted.id, isFinal)).status).toBe('suppressed')
  expect((await until(stack, wanted.id, isFinal)).status).toBe('delivered')
  for (const { id } of [unwanted, erased, leaving]) expect((await countSends(stack, id)).calls).toBe(0)
})

for (const [title, invalid, valid] of [
  ['one invalid address', 1, 9],
  ['several invalid addresses', 5, 5],
  ['nothing but invalid addresses', 10, 0],
] as const) {
  test(`a batch with ${title}: each fails alone, and its neighbours are delivered`, {
    tag: title === 'several invalid addresses' ? [] : '@long',
  }, async ({ stack }) => {
    const requests: string[][] = []
    await using relay = await startRelay(stack, (mails, forward) => {
      requests.push(mails.map(({ tags }) => tags[0].value))
      return forward()
    })
    const failing: string[] = []
    for (let number = 0; number < invalid; number++)
      failing.push((await signUp(newInvalid(), stack.appUrl)).id)
    const neighbours = await signUpMany(stack, valid)
    await stack.startWorker(relay.env)
    await untilSettled(stack)

    for (const id of failing) {
      const { status, attempts, timeline } = await until(stack, id, isFinal)
      expect({ status, attempts }).toEqual({ status: 'failed', attempts: 1 })
      expect(timeline.at(-1)?.reason).toBe('validation_error')
    }
    for (const id of neighbours)
      expect(await until(stack, id, isFinal)).toMatchObject({ status: 'delivered', attempts: 1 })
    const batch = requests.filter((ids) => failing.some((id) => ids.includes(id)))
    expect(batch).toHaveLength(1)
    expect(batch[0]).toEqual(expect.arrayContaining([...failing, ...neighbours]))
    expect(await listLeftovers(stack)).toEqual([])
    expect(await findFaults(stack, [...failing, ...neighbours])).toEqual([])
  })
}

test('an invalid address that is repaired: a redrive sends that mail, and no other', {
  tag: '@long',
}, async ({ stack }) => {
  const [neighbour = ''] = await signUpMany(stack, 1)
  const { id: repaired } = await signUp(newInvalid(), stack.appUrl)
  const { id: broken } = await signUp(newInvalid(), stack.appUrl)
  await stack.startWorker()
  await untilSettled(stack)
  await stack.query(`UPDATE "User" SET email = $1 WHERE id = (SELECT "userId" FROM "Email" WHERE id = $2)`, [
    newAddress(),
    repaired,
  ])
  expect((await stack.redrive()).output).toContain('2 of 2')
  await until(stack, repaired, isDelivered)
  await untilSettled(stack)
  const snapshot = await until(stack, broken, isFinal)
  expect(snapshot).toMatchObject({ status: 'failed', attempts: 2 })
  expect(snapshot.timeline.at(-1)?.reason).toBe('validation_error')
  expect(await countSends(stack, neighbour)).toEqual({ calls: 1, accepted: 1 })
  expect(await listLeftovers(stack)).toEqual([])
  expect(await findFaults(stack, [neighbour, repaired, broken])).toEqual([])
})

test('a whole batch is refused because of one mail: only that one fails', { tag: '@long' }, async ({
  stack,
}) => {
  const others = await writeMany(stack, 12)
  const address = newAddress()
  const { id: culprit } = await signUp(address, stack.appUrl)
  const isCulprit = ({ to }: { to: string }): boolean => to === address
  let together = 0
  await using relay = await startRelay(stack, (mails, forward) => {
    if (!mails.some(isCulprit)) return forward()
    together = Math.max(together, mails.length)
    return refuse(422, 'validation_error')
  })
  await stack.startWorker(relay.env)
  await untilSettled(stack)
  expect(together).toBeGreaterThan(5)
  const { status, timeline } = await until(stack, culprit, isFinal)
  expect(status).toBe('failed')
  expect(timeline.map(({ status, reason }) => reason ?? status)).toEqual([
    ...['queued', 'sending', 'validation_error', 'sending', 'validation_error'],
  ])
  for (const id of others) {
    expect((await until(stack, id, isFinal)).status).toBe('delivered')
    expect(await countSends(stack, id)).toEqual({ calls: 1, accepted: 1 })
  }
  expect(await listLeftovers(stack)).toEqual([])
  expect(await findFaults(stack, [...others, culprit])).toEqual([])
})

test('rejected together, then accepted alone, and the answer is lost: the same mail is sent again under its key', {
  tag: '@long',
}, async ({ stack }) => {
  const ids = await writeMany(stack, 4)
  const letReports = await holdReports(stack)
  const lost = new Set<string>()
  await using relay = await startRelay(stack, async (mails, forward, key) => {
    if (mails.length > 1) return refuse(422, 'validation_error')
    const reply = await forward()
    if (lost.has(key)) return reply
    lost.add(key)
    throw new Error('The answer is lost')
  })
  await stack.startWorker(relay.env)
  await untilHurried(stack, async () => (await countEmails(stack, 'sent')) === 4)
  for (const id of ids) expect(await countSends(stack, id)).toEqual({ calls: 2, accepted: 1 })
  await letReports()
  await untilSettled(stack)
  expect(await listLeftovers(stack)).toEqual([])
  expect(await findFaults(stack, ids)).toEqual([])
})

test.describe('a worker freezes with a batch in its hands, and another one sends it', () => {
  // `freeze` stops the worker that sent the request. `thawed` resolves when the worker goes on.
  type Frost = { freeze(): void; thawed: Promise<void> }
  const answers: [string, string, (frost: Frost) => Answer][] = [
    [
      'in the middle of its request',
      'ok',
      ({ freeze, thawed }) =>
        async (_, forward) => {
          freeze()
          await thawed
          return await forward()
        },
    ],
    [
      'right after it was accepted',
      'ok',
      ({ freeze }) =>
        async (_, forward) => {
          const reply = await forward()
          freeze()
          return reply
        },
    ],
    [
      'with a refusal, while the other one is accepted and does not hear of it',
      'reset-after-accept',
      ({ freeze }) =>
        () => {
          freeze()
          return refuse(429, 'rate_limit_exceeded')
        },
    ],
  ]
  for (const [title, mode, makeAnswer] of answers) {
    // The first case is the hardest, so only this one is among the fast tests.
    const tag = mode === 'ok' && title.includes('middle') ? [] : '@long'
    test(`${title}: when it wakes up, no mail is sent twice`, { tag }, async ({ stack }) => {
      const letReports = await holdReports(stack)
      let isFrozen = false
      let thaw = (): void => {}
      const thawed = new Promise<void>((resolve) => (thaw = resolve))
      const freeze = (): void => {
        isFrozen = true
        process.kill(first.pid, 'SIGSTOP')
      }
      const answer = makeAnswer({ freeze, thawed })
      await using relay = await startRelay(stack, (mails, forward, key) =>
        isFrozen ? forward() : answer(mails, forward, key),
      )
      // A second between two turns: when it freezes, it has nothing else under way.
      const first = await stack.startWorker({ ...relay.env, RESEND_RATE_LIMIT: '1' })
      const ids = await writeMany(stack, 10)
      await waitFor(() => isFrozen)

      await stack.setProvider({ mode })
      await hurryHeartbeats(stack)
      const second = await stack.startWorker({ RETRY_MAX_SECONDS: '0.5' })
      await untilHurried(
        stack,
        async () =>
          (await countEmails(stack, mode === 'ok' ? 'sent' : 'retrying')) === 10 &&
          (await areAsked(stack, ids)),
      )
      expect(await second.kill('SIGTERM')).toBe(0)

      await stack.setProvider({ mode: 'ok' })
      process.kill(first.pid, 'SIGCONT')
      thaw()
      const { id: next } = await signUp(newAddress(), stack.appUrl)
      await makeDue(stack)
      await until(stack, next, ({ status }) => status === 'sent')
      await makeDue(stack)
      for (const id of ids) await until(stack, id, ({ status }) => status === 'sent')
      await letReports()
      await untilSettled(stack)
      expect(await listLeftovers(stack)).toEqual([])
      expect(await findFaults(stack, [...ids, next])).toEqual([])
    })
  }
})

test.describe('users are deleted while their mails are in an unfinished batch', () => {
  for (const [title, leaveUnfinished] of [
    [
      'the answer was lost',
      async (stack: Stack) => {
        await stack.setProvider({ mode: 'reset-after-accept' })
        // The pause after the lost answer lasts for an hour, so that no second answer is lost.
        await stack.query(
          `CREATE FUNCTION last_an_hour() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
             NEW."nextTurnAt" = now() + interval '1 hour'; RETURN NEW;
           END $$;
           CREATE TRIGGER last_an_hour BEFORE UPDATE ON "Pace" FOR EACH ROW
             WHEN (OLD.reason IS NULL AND NEW.reason IS NOT NULL) EXECUTE FUNCTION last_an_hour()`,
        )
        await stack.startWorker({ RESEND_RATE_LIMIT: '1' })
        await waitFor(async () => (await countEmails(stack, 'retrying')) > 1)
        await stack.query('DROP FUNCTION last_an_hour CASCADE')
      },
    ],
    [
      'the worker was killed',
      async (stack: Stack) => {
        // Before the answer, and before the next turn, this worker is dead.
        await stack.setProvider({ latencyMs: 7_000 })
        const worker = await stack.startWorker({ RESEND_RATE_LIMIT: '0.1' })
        await waitFor(async () => (await countEmails(stack, 'sending')) > 1)
        const ids = await listInDoubt(stack)
        await waitFor(() => areAsked(stack, ids))
        await worker.kill('SIGKILL')
        for (const id of ids) await waitFor(async () => (await countSends(stack, id)).accepted === 1)
        await hurryHeartbeats(stack)
      },
    ],
  ] as const) {
    test(`${title}, one of them: the others get one mail, under the same key`, {
      tag: '@long',
    }, async ({ stack }) => {
      const letReports = await holdReports(stack)
      const ids = await writeMany(stack, 10)
      await leaveUnfinished(stack)
      const [deleted = '', ...others] = await listInDoubt(stack)
      expect(others.length).toBeGreaterThan(0)
      await deleteUser(stack, deleted)
      await stack.setProvider({ mode: 'ok', latencyMs: 20 })
      await stack.startWorker()
      await untilHurried(stack, async () => (await countEmails(stack, 'sent')) === 9)
      for (const id of others) expect(await countSends(stack, id)).toEqual({ calls: 2, accepted: 1 })
      await letReports()
      await untilHurried(stack, async () => (await listLeftovers(stack)).length === 0)
      await untilSettled(stack)
      expect((await countSends(stack, deleted)).accepted).toBe(1)
      expect(await stack.query('SELECT FROM "EmailEvent" WHERE "emailId" = $1', [deleted])).toEqual([])
      expect(
        await findFaults(
          stack,
          ids.filter((id) => id !== deleted),
        ),
      ).toEqual([])
    })

    test(`${title}, all of them: nothing is left or asked again, and the next one is served`, {
      tag: '@long',
    }, async ({ stack }) => {
      const letReports = await holdReports(stack)
      await writeMany(stack, 10)
      await leaveUnfinished(stack)
      const inDoubt = await listInDoubt(stack)
      await stack.query('DELETE FROM "User"')
      await stack.setProvider({ mode: 'ok', latencyMs: 20 })
      await stack.startWorker()
      await untilHurried(stack, async () => (await listLeftovers(stack)).length === 0)
      for (const id of inDoubt) expect(await countSends(stack, id)).toEqual({ calls: 1, accepted: 1 })
      await letReports()
      const { id: next } = await signUp(newAddress(), stack.appUrl)
      await makeDue(stack)
      await until(stack, next, isDelivered)
      await untilSettled(stack)
      expect(await findFaults(stack, [next])).toEqual([])
    })
  }
})

test('worker after worker is killed in the middle of 600 mails: nothing is lost, no mail is sent twice', {
  tag: '@long',
}, async ({ stack }) => {
  const letReports = await holdReports(stack)
  await stack.setProvider({ rateLimit: 10, latencyMs: 200 })
  const ids = await writeMany(stack, 600)
  for (let death = 0; death < 5; death++) {
    const worker = await stack.startWorker()
    // Some die with their first request, some with the second.
    const calls = (await countCalls(stack)) + 1 + (death % 2)
    await waitFor(async () => (await countCalls(stack)) >= calls)
    await worker.kill('SIGKILL')
    await hurryHeartbeats(stack)
  }
  await Promise.all([stack.startWorker(), stack.startWorker()])
  await waitFor(async () => (await countEmails(stack, 'sent')) === 600)
  await letReports()
  await untilSettled(stack)
  expect(await listLeftovers(stack)).toEqual([])
  expect(await findFaults(stack, ids)).toEqual([])
})

test('a name of special characters: harmless in the HTML, plain elsewhere, and the same when sent again', async ({
  stack,
}) => {
  const letReports = await holdReports(stack)
  const name = `O'Neill & "Söhne" {{name}} {{number}} $& $1`
  const response = await postSignup({ name, email: newAddress() }, {}, stack.appUrl)
  expect(response.status).toBe(201)
  const { id } = (await response.json()).welcomeEmail
  // Without a confirmed address, the mail has only the first word of the name.
  await stack.query('UPDATE "User" SET "confirmedAt" = now()')
  await stack.setProvider({ mode: 'reset-after-accept' })
  await stack.startWorker()
  await until(stack, id, ({ status }) => status === 'retrying')
  await stack.setProvider({ mode: 'ok' })
  await makeDue(stack)
  await until(stack, id, ({ status }) => status === 'sent')
  // Other bytes under a used key would have been refused.
  expect(await countSends(stack, id)).toEqual({ calls: 2, accepted: 1 })

  const [email] = await stack.query<{ providerId: string }>('SELECT "providerId" FROM "Email"')
  const { subject, text, html } = await (await stack.askProvider(`/emails/${email?.providerId}`)).json()
  // A stranger reads the subject first, so it contains nothing that another stranger has written.
  expect(subject).toBe('Welcome to Behind the Scenes')
  expect(text).toContain(name)
  expect(html).toContain('O&#39;Neill &#38; &#34;Söhne&#34; {{name}} {{number}} $&#38; $1')
  expect(html).not.toContain(`O'Neill`)
  await letReports()
  await untilSettled(stack)
  expect(await findFaults(stack, [id])).toEqual([])
})

test('several jobs for the same email: one mail', { tag: '@long' }, async ({ stack }) => {
  const letReports = await holdReports(stack)
  const ids = await writeMany(stack, 10)
  await queueMails(stack, ids)
  await stack.setProvider({ mode: 'reset-after-accept' })
  await stack.startWorker()
  await waitFor(async () => (await countEmails(stack, 'retrying')) > 0)
  // Also while it is in an unfinished batch, and when it is long sent.
  await queueMails(stack, ids)
  await stack.setProvider({ mode: 'ok' })
  await untilHurried(stack, async () => (await countEmails(stack, 'sent')) === 10)
  await queueMails(stack, ids)
  await letReports()
  await untilHurried(stack, async () => (await listLeftovers(stack)).length === 0)
  await untilSettled(stack)
  expect(await stack.query(`SELECT FROM "EmailEvent" WHERE status = 'sent'`)).toHaveLength(10)
  expect(await listLeftovers(stack)).toEqual([])
  expect(await findFaults(stack, ids)).toEqual([])
})

// orders
test('300 invitations wait, and a user signs up: their welcome is not behind them', {
  tag: '@long',
}, async ({ stack }) => {
  const owners = await Promise.all([1, 2, 3].map(() => signUpOwner(stack.appUrl)))
  for (const owner of owners) expect((await invite(owner, makeFriends(100))).status).toBe(202)
  await stack.setProvider({ rateLimit: 1 })
  // No turn comes before the signup.
  await stack.query(
    `INSERT INTO "Pace" (account, "nextTurnAt") VALUES ('resend', now() + interval '4 minutes')`,
  )
  await stack.startWorker({ RESEND_RATE_LIMIT: '1' })
  await waitFor(async () => {
    const taken = await stack.query(`SELECT FROM pgboss.job WHERE name = 'send-email' AND state = 'active'`)
    return taken.length === 1
  })
  const { id } = await signUp(newAddress(), stack.appUrl)
  await makeDue(stack)
  await untilSettled(stack)
  const [before] = await stack.query<{ count: number }>(
    `SELECT count(*)::int FROM "EmailEvent" WHERE status = 'sending'
     AND id < (SELECT min(id) FROM "EmailEvent" WHERE status = 'sending' AND "emailId" = $1)`,
    [id],
  )
  // The other mails of its batch may be recorded before it.
  expect(before?.count).toBeLessThan(100)
  const { emails: books } = await stack.setProvider({})
  const emails = await stack.query<{ id: string }>('SELECT id FROM "Email"')
  expect(emails.map(({ id }) => books[id]?.accepted)).toEqual(Array(304).fill(1))
})

test('250 mails that wait leave by the hundred', { tag: '@long' }, async ({ stack }) => {
  const ids = await writeMany(stack, 250)
  const sizes: number[] = []
  await using relay = await startRelay(stack, (mails, forward) => {
    sizes.push(mails.length)
    return forward()
  })
  await stack.startWorker(relay.env)
  await untilSettled(stack)
  expect(sizes).toEqual([100, 100, 50])
  expect(await findFaults(stack, ids)).toEqual([])
})

test('what one statement writes is one notification, and however many it writes, each fits', {
  tag: '@long',
}, async ({ stack }) => {
  const letReports = await holdReports(stack)
  const ids = await writeMany(stack, 150)
  const listener = new Client({ connectionString: stack.databaseUrl })
  await listener.connect()
  let payloads: string[] = []
  listener.on('notification', ({ payload = '' }) => payloads.push(payload))
  const listHeard = (): string[] => payloads.flatMap((payload) => payload.split(','))
  await listener.query('LISTEN email_event')
  try {
    const before = await countCalls(stack)
    const worker = await stack.startWorker()
    await waitFor(async () => (await countEmails(stack, 'sent')) === 150)
    await waitFor(() => listHeard().length === 300)
    // One notification when a batch is recorded, and one when it is accepted.
    expect(payloads).toHaveLength(2 * ((await countCalls(stack)) - before))
    expect(new Set(listHeard())).toEqual(new Set(ids))
    await letReports()
    await untilSettled(stack)
    expect(await findFaults(stack, ids)).toEqual([])

    await worker.kill('SIGTERM')
    const many = [...ids, ...(await writeMany(stack, 300))]
    await waitFor(() => new Set(listHeard()).size === 450)
    payloads = []
    await stack.query(`INSERT INTO "EmailEvent" ("emailId", status) SELECT id, 'delayed' FROM "Email"`)
    await waitFor(() => listHeard().length >= 450)
    expect(payloads).toHaveLength(3)
    for (const payload of payloads) expect(payload.length).toBeLessThan(8_000)
    expect(listHeard().sort()).toEqual(many.sort())
  } finally {
    await listener.end()
  }
})
