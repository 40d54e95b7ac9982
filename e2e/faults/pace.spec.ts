import { expect } from '@playwright/test'
import { newAddress, signUp } from '../app'
import { type Process, type Stack, waitFor } from '../stack'
import { test } from '../test'
import { findFaults, untilSettled } from './oracle'
import { type Reply, refuse, startRelay } from './relay'
import {
  closeGate,
  countCalls,
  countEmails,
  countSends,
  holdReports,
  hurry,
  hurryHeartbeats,
  isFinal,
  makeDue,
  signUpMany,
  until,
  untilHurried,
  writeMany,
} from './steps'

type Pace = { nextTurnAt: Date; perSecond: number | null; reason: string | null; failures: number }

async function readPace(stack: Stack): Promise<Pace | undefined> {
  return (await stack.query<Pace>('SELECT * FROM "Pace"'))[0]
}

async function readHealth(stack: Stack): Promise<{ paused: { reason: string; until: string } | null }> {
  return await (await fetch(`${stack.appUrl}/api/health`)).json()
}

/** No turn comes before `makeDue`. */
async function stopTurns(stack: Stack): Promise<void> {
  await stack.query(
    `INSERT INTO "Pace" (account, "nextTurnAt") VALUES ('resend', now() + interval '4 minutes')`,
  )
}

/** Waits until the workers have fetched this many mails and wait for their turns. Each fetches one. */
async function untilTaken(stack: Stack, count: number): Promise<void> {
  await waitFor(async () => {
    const taken = await stack.query(`SELECT FROM pgboss.job WHERE name = 'send-email' AND state = 'active'`)
    return taken.length === count
  })
}

/** The ids of the emails to which nothing has happened yet. */
async function listUntouched(stack: Stack): Promise<string[]> {
  const emails = await stack.query<{ id: string }>(
    `SELECT id FROM "Email" WHERE attempts = 0
     AND (SELECT array_agg(status::text) FROM "EmailEvent" WHERE "emailId" = "Email".id) = '{queued}'`,
  )
  return emails.map(({ id }) => id)
}

/** More and more people sign up, ten at a time, until `isEnough`. */
async function crowd(
  stack: Stack,
  isEnough: (count: number) => boolean | Promise<boolean>,
): Promise<string[]> {
  const ids: string[] = []
  while (!(await isEnough(ids.length))) ids.push(...(await writeMany(stack, 10)))
  return ids
}

type Turns = {
  turns: number
  /** The shortest time from one to the next, in ms, while the account was not paused. */
  gap: number
}

/** Has Postgres record all turns from here on. @returns a function that reads them, and ends the recording */
async function logTurns(stack: Stack): Promise<() => Promise<Turns>> {
  await stack.query(`
    CREATE TABLE turn AS SELECT reason, "nextTurnAt" - now() AS gap FROM "Pace" WITH NO DATA;
    CREATE FUNCTION log_turn() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      INSERT INTO turn VALUES (NEW.reason, NEW."nextTurnAt" - OLD."nextTurnAt"); RETURN NULL; END $$;
    CREATE TRIGGER log_turn AFTER UPDATE ON "Pace" FOR EACH ROW
      WHEN (OLD.reason IS NOT DISTINCT FROM NEW.reason) EXECUTE FUNCTION log_turn()`)
  return async () => {
    const [turns] = await stack.query<Turns>(`SELECT count(*)::int AS turns,
      extract(epoch FROM min(gap) FILTER (WHERE reason IS NULL))::float8 * 1000 AS gap FROM turn`)
    await stack.query('DROP TABLE turn; DROP FUNCTION log_turn CASCADE')
    return turns as Turns
  }
}

test('two workers keep to the limit that the first answer tells', { tag: '@long' }, async ({ stack }) => {
  await stack.setProvider({ rateLimit: 5 })
  await Promise.all([stack.startWorker(), stack.startWorker()])
  const [first = ''] = await writeMany(stack, 1)
  await until(stack, first, isFinal)
  // The report of the mail service may be quicker than the worker with its answer.
  await expect.poll(async () => (await readPace(stack))?.perSecond).toBe(5)
  const before = await stack.setProvider({})
  const tellTurns = await logTurns(stack)
  const ids = [first, ...(await crowd(stack, (count) => count === 800))]
  await untilSettled(stack)
  const after = await stack.setProvider({})
  const { turns, gap } = await tellTurns()
  const calls = after.calls - before.calls
  const refused = after.refused - before.refused
  expect(calls).toBeGreaterThan(20)
  expect(calls).toBeLessThanOrEqual(turns)
  expect(gap).toBeGreaterThanOrEqual(1_000 / 5)
  // So Resend would refuse none, if each left as soon as its turn came. A busy machine makes some a tenth of a second late.
  // The refusals without such delays are measured elsewhere.
  expect(refused).toBeLessThanOrEqual((calls - refused) * 0.25)
  expect(await findFaults(stack, ids)).toEqual([])
})

test('the limit is lowered and raised while a crowd is under way: they follow, and nothing is lost', {
  tag: '@long',
}, async ({ stack }) => {
  await Promise.all([stack.startWorker(), stack.startWorker()])
  const ids: string[] = []
  for (const rateLimit of [10, 3, 20]) {
    await stack.setProvider({ rateLimit })
    ids.push(...(await crowd(stack, async () => (await readPace(stack))?.perSecond === rateLimit)))
  }
  await untilSettled(stack)
  expect(await findFaults(stack, ids)).toEqual([])
})

const inAnHour = (): string => new Date(Date.now() + 3_600_000).toUTCString()

for (const [reason, title, headers] of [
  ['rate_limit_exceeded', 'for an hour', () => ({ 'retry-after': '3600' })],
  ['rate_limit_exceeded', 'until a time of the day', () => ({ 'retry-after': inAnHour() })],
  ['rate_limit_exceeded', 'until its limit begins anew', () => ({ 'ratelimit-reset': '3600' })],
  [
    'rate_limit_exceeded',
    'until one of its limits does',
    () => ({ ratelimit: '"a";r=1;t=1, "b";r=0;t=3600' }),
  ],
  ['daily_quota_exceeded', 'without saying how long', () => ({})],
] as const) {
  const tag = title === 'for an hour' ? [] : '@long'
  test(`${reason} ${title}: no request for an hour, and only the refused mail tells of it`, {
    tag,
  }, async ({ stack }) => {
    let calls = 0
    await using relay = await startRelay(stack, (_, forward) =>
      calls++ === 0 ? refuse(429, reason, headers()) : forward(),
    )
    await stack.startWorker(relay.env)
    const { id: refused } = await signUp(newAddress(), stack.appUrl)
    await waitFor(async () => (await readHealth(stack)).paused !== null)
    const { paused } = await readHealth(stack)
    expect(paused?.reason).toBe(reason)
    const minutes = (Date.parse(paused?.until ?? '') - Date.now()) / 60_000
    expect(minutes).toBeGreaterThan(58)
    expect(minutes).toBeLessThanOrEqual(60)

    await stack.startWorker(relay.env)
    const others = await signUpMany(stack, 20)
    await untilTaken(stack, 2)
    expect(calls).toBe(1)
    expect((await listUntouched(stack)).sort()).toEqual([...others].sort())
    expect((await readHealth(stack)).paused?.until).toBe(paused?.until)

    await stack.query('UPDATE "Pace" SET "nextTurnAt" = now()')
    await untilSettled(stack)
    expect((await readHealth(stack)).paused).toBe(null)
    for (const id of others) {
      const { attempts, timeline } = await until(stack, id, isFinal)
      expect(attempts).toBe(1)
      expect(timeline.flatMap(({ reason }) => reason ?? [])).toEqual([])
    }
    const { timeline } = await until(stack, refused, isFinal)
    expect(timeline.flatMap(({ reason }) => reason ?? [])).toEqual([reason])
    expect(await findFaults(stack, [refused, ...others])).toEqual([])
  })
}

test('a trial that succeeds late ends no pause that Resend has asked for since', async ({ stack }) => {
  const reason = 'rate_limit_exceeded'
  await stack.query(
    `INSERT INTO "Pace" (account, "nextTurnAt", reason, failures) VALUES ('resend', now(), $1, 1)`,
    [reason],
  )
  let release = (): void => {}
  const held = new Promise<void>((resolve) => {
    release = resolve
  })
  let calls = 0
  await using relay = await startRelay(stack, async (_, forward) => {
    if (calls++ > 0) return refuse(429, reason, { 'retry-after': '3600' })
    await held
    return forward()
  })
  await stack.startWorker(relay.env)
  const { id } = await signUp(newAddress(), stack.appUrl)
  await waitFor(() => calls === 1)
  await signUp(newAddress(), stack.appUrl)
  await stack.query('UPDATE "Pace" SET "nextTurnAt" = now()')
  const isPaused = async (): Promise<boolean> =>
    Number((await readPace(stack))?.nextTurnAt) > Date.now() + 3_000_000
  await waitFor(isPaused)
  release()
  await until(stack, id, ({ status }) => status !== 'sending')
  expect(await isPaused()).toBe(true)
})

test('down with a retry-after of an hour: no request before, and then the same batch again', {
  tag: '@long',
}, async ({ stack }) => {
  const keys: string[] = []
  const down: Reply = { status: 503, headers: { 'retry-after': '3600' }, body: '<html>Back soon</html>' }
  await using relay = await startRelay(stack, (_, forward, key) => {
    keys.push(key)
    return keys.length === 1 ? down : forward()
  })
  await stack.startWorker(relay.env)
  const { id } = await signUp(newAddress(), stack.appUrl)
  const { timeline } = await until(stack, id, ({ status }) => status === 'retrying')
  const [sending, retrying] = timeline.slice(-2)
  expect(retrying).toMatchObject({ attempt: 1, reason: 'application_error' })
  const minutes = (Date.parse(retrying?.retryAt ?? '') - Date.parse(sending?.at ?? '')) / 60_000
  expect(minutes).toBeGreaterThanOrEqual(60)
  expect(minutes).toBeLessThan(62)
  expect((await readHealth(stack)).paused?.until).toBeDefined()
  const { id: neighbour } = await signUp(newAddress(), stack.appUrl)
  await untilTaken(stack, 1)
  expect(keys).toHaveLength(1)

  await untilHurried(stack, async () => (await countEmails(stack, 'delivered')) === 2)
  expect(keys.filter((key) => key === keys[0])).toHaveLength(2)
  expect((await until(stack, id, isFinal)).attempts).toBe(2)
  await untilSettled(stack)
  expect(await findFaults(stack, [id, neighbour])).toEqual([])
})

test('a bad key that is repaired while a crowd waits: it has met only the first of them', {
  tag: '@long',
}, async ({ stack }) => {
  await stack.setProvider({ mode: 'bad-key' })
  const ids = await writeMany(stack, 500)
  const before = await countCalls(stack)
  await stack.startWorker()
  await waitFor(async () => (await readHealth(stack)).paused?.reason === 'restricted_api_key')
  await untilTaken(stack, 1)
  const untouched = await listUntouched(stack)
  const calls = (await countCalls(stack)) - before
  // The first, and what was under way when its answer came: a worker does four things at a time.
  expect(calls).toBeLessThanOrEqual(4)
  expect(untouched.length).toBeGreaterThanOrEqual(500 - 100 * calls)

  await stack.setProvider({ mode: 'ok' })
  await hurry(stack, () => untilSettled(stack))
  expect(await stack.query('SELECT FROM "Email" WHERE attempts > 1')).toHaveLength(500 - untouched.length)
  expect(await findFaults(stack, ids)).toEqual([])
})

test('an outage while a crowd waits: one request at a time tries, and the mails outside it know nothing', {
  tag: '@long',
}, async ({ stack }) => {
  await stack.setProvider({ mode: 'outage' })
  const ids = await writeMany(stack, 700)
  const before = await countCalls(stack)
  await stack.startWorker()
  await waitFor(async () => ((await readPace(stack))?.failures ?? 0) >= 2)
  const untouched = await listUntouched(stack)
  const { calls, emails: books } = await stack.setProvider({})
  const { failures = 0 } = (await readPace(stack)) ?? {}
  // Requests side by side are one failure. Up to four were under way when the first one failed; then it was one by one.
  expect(calls - before).toBeLessThanOrEqual(failures + 3)
  expect(untouched.length).toBeGreaterThanOrEqual(700 - 100 * (calls - before))
  for (const id of untouched) expect(books[id]).toBeUndefined()

  await stack.setProvider({ mode: 'ok' })
  await hurry(stack, () => untilSettled(stack))
  const met = await stack.query<{ id: string }>('SELECT id FROM "Email" WHERE attempts > 1')
  expect(met.filter(({ id }) => untouched.includes(id))).toEqual([])
  expect(await stack.query(`SELECT FROM "EmailEvent" WHERE status = 'failed'`)).toEqual([])
  expect(await readPace(stack)).toMatchObject({ reason: null, failures: 0 })
  expect(await findFaults(stack, ids)).toEqual([])
})

const UNSENT = ['queued', 'sending', 'retrying']

test.describe('a worker freezes', () => {
  for (const [title, freezeAt] of [
    [
      'while it waits for its turn',
      async (stack: Stack, worker: Process) => {
        await stopTurns(stack)
        await writeMany(stack, 12)
        await untilTaken(stack, 1)
        process.kill(worker.pid, 'SIGSTOP')
        await makeDue(stack)
      },
    ],
    [
      'with its turn, before it has written down the batch',
      async (stack: Stack, worker: Process) => {
        await stopTurns(stack)
        await writeMany(stack, 12)
        await untilTaken(stack, 1)
        await using gate = await closeGate(stack, 'SELECT FROM "Email" FOR UPDATE')
        await makeDue(stack)
        await gate.untilReached('FOR UPDATE OF "Email"')
        process.kill(worker.pid, 'SIGSTOP')
      },
    ],
  ] as const) {
    test(`${title}: the others go on, and when it wakes up no mail is sent twice`, { tag: '@long' }, async ({
      stack,
    }) => {
      const first = await stack.startWorker()
      await freezeAt(stack, first)
      const second = await stack.startWorker()
      const next = await signUpMany(stack, 5)
      for (const id of next) await until(stack, id, isFinal)
      // The others send the mails that the frozen worker had fetched.
      await hurryHeartbeats(stack)
      await untilHurried(stack, async () => (await countEmails(stack, ...UNSENT)) === 0)

      process.kill(first.pid, 'SIGCONT')
      const ids = await stack.query<{ id: string }>('SELECT id FROM "Email"')
      await untilSettled(stack)
      expect(await second.kill('SIGTERM')).toBe(0)
      const { id: last } = await signUp(newAddress(), stack.appUrl)
      await until(stack, last, isFinal)
      await untilSettled(stack)
      expect(await stack.query('SELECT FROM "Email" WHERE attempts <> 1')).toEqual([])
      expect(await findFaults(stack, [...ids.map(({ id }) => id), last])).toEqual([])
    })
  }
})

test('what was known of the pace is lost, again and again: they go on', { tag: '@long' }, async ({
  stack,
}) => {
  await stack.setProvider({ rateLimit: 10 })
  await Promise.all([stack.startWorker(), stack.startWorker()])
  let deleted = 0
  const ids = await crowd(stack, async () => {
    deleted += (await stack.query('DELETE FROM "Pace" RETURNING 1')).length
    return deleted >= 5
  })
  await untilSettled(stack)
  await waitFor(async () => (await readPace(stack)) !== undefined)
  expect(await findFaults(stack, ids)).toEqual([])
})

test('SIGTERM during a pause: the worker gives back what waits, untouched, and another one sends it', {
  tag: '@long',
}, async ({ stack }) => {
  await stack.setProvider({ mode: 'bad-key' })
  const first = await stack.startWorker()
  const { id: met } = await signUp(newAddress(), stack.appUrl)
  await waitFor(async () => (await readHealth(stack)).paused !== null)
  const ids = await signUpMany(stack, 6)
  await untilTaken(stack, 1)
  expect(await first.kill('SIGTERM')).toBe(0)
  // It did not wait for a turn that was minutes away, or until it was killed.
  expect(first.output()).toContain('The worker stops')
  expect((await listUntouched(stack)).sort()).toEqual([...ids].sort())
  expect(await stack.query(`SELECT FROM pgboss.job WHERE state = 'active'`)).toEqual([])

  await stack.setProvider({ mode: 'ok' })
  await stack.startWorker()
  await hurry(stack, () => untilSettled(stack))
  for (const id of ids) expect((await until(stack, id, isFinal)).attempts).toBe(1)
  expect(await findFaults(stack, [met, ...ids])).toEqual([])
})

test('each mail counts its own attempts, and not the failures of the account', { tag: '@long' }, async ({
  stack,
}) => {
  await stack.setProvider({ mode: 'outage' })
  await stack.startWorker({ RETRY_MAX_SECONDS: '0.5' })
  const { id: early } = await signUp(newAddress(), stack.appUrl)
  await until(stack, early, ({ attempts }) => attempts >= 3)
  const { id: late } = await signUp(newAddress(), stack.appUrl)
  await until(stack, late, ({ status }) => status === 'retrying')
  await stack.setProvider({ mode: 'ok' })
  for (const id of [early, late]) {
    const { attempts, timeline } = await until(stack, id, isFinal)
    expect(attempts).toBe((await countSends(stack, id)).calls)
    const own = timeline.filter(({ attempt }) => attempt !== undefined)
    let attempt = 0
    for (const entry of own) {
      if (entry.status === 'sending') attempt++
      expect(entry.attempt).toBe(attempt)
    }
    expect(attempt).toBe(attempts)
  }
  await untilSettled(stack)
  expect(await findFaults(stack, [early, late])).toEqual([])
})

test('the database’s clock is set back by hours: the next turn is not hours away', async ({ stack }) => {
  // The row as it was written before.
  await stack.query(
    `INSERT INTO "Pace" (account, "nextTurnAt") VALUES ('resend', now() + interval '2 hours')`,
  )
  await stack.startWorker()
  const { id } = await signUp(newAddress(), stack.appUrl)
  await until(stack, id, isFinal)
  const { nextTurnAt } = (await readPace(stack)) as Pace
  expect(+nextTurnAt).toBeLessThan(Date.now() + 60_000)
})

test('a trial that finds no mail does not keep other workers waiting', async ({ stack }) => {
  const letReports = await holdReports(stack)
  await stack.setProvider({ mode: 'reset-after-accept' })
  await stack.startWorker()
  const { id } = await signUp(newAddress(), stack.appUrl)
  await until(stack, id, ({ status }) => status === 'retrying')
  await stack.query(`UPDATE "Pace" SET "nextTurnAt" = now() + interval '1 hour'`)
  await stack.setProvider({ mode: 'ok' })
  // The report says that it was sent, so nothing is left to send.
  await letReports()
  await until(stack, id, isFinal)
  // A trial that is not given back blocks the other workers for 11 s.
  const [end] = await stack.query<{ at: Date }>(`SELECT now() + interval '10 s' AS at`)
  await makeDue(stack)
  await untilSettled(stack)
  await waitFor(async () => {
    const paces = await stack.query(`SELECT FROM "Pace" WHERE "nextTurnAt" < $1`, [end?.at])
    return paces.length === 1
  })
  expect(await findFaults(stack, [id])).toEqual([])
})
