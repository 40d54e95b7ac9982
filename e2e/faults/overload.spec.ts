import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'
import { expect } from '@playwright/test'
import { Client } from 'pg'
import { askUntilTaken, newAddress, postSignupOnce, readEvents } from '../app'
import { type Stack, waitFor } from '../stack'
import { test } from '../test'
import { signUpStubbornly } from './steps'

/** Runs `act` while a table is locked. */
async function whileLocked(stack: Stack, table: string, act: () => Promise<void>): Promise<void> {
  const lock = new Client({ connectionString: stack.databaseUrl })
  await lock.connect()
  try {
    await lock.query('BEGIN')
    await lock.query(`LOCK TABLE ${table}`)
    await act()
  } finally {
    await lock.end()
  }
}

/** How many statements wait for a lock on a table. */
async function countBlocked(stack: Stack, table: string): Promise<number> {
  const sql = 'SELECT FROM pg_locks WHERE relation = $1::regclass AND NOT granted'
  return (await stack.query(sql, [table])).length
}

async function readHealth(stack: Stack): Promise<Record<string, unknown>> {
  return await (await fetch(`${stack.appUrl}/api/health`)).json()
}

/** Writes down what the sender does about the account. */
async function setPace(stack: Stack, reason: string | null): Promise<string> {
  const [row] = await stack.query<{ until: Date }>(
    `INSERT INTO "Pace" (account, "nextTurnAt", reason) VALUES ('resend', now() + interval '1 hour', $1)
     ON CONFLICT (account) DO UPDATE SET "nextTurnAt" = excluded."nextTurnAt", reason = excluded.reason
     RETURNING "nextTurnAt" AS until`,
    [reason],
  )
  return row?.until.toISOString() ?? ''
}

test.afterEach(({ stack }) => stack.query('DELETE FROM "Pace"'))

test('the database hangs: a crowd gets 503 while it hangs, none of them exists, and asking again is a 201', {
  tag: '@long',
}, async ({ stack }) => {
  // Small, so that few hang.
  const { url } = await stack.startWeb({ env: { DATABASE_POOL_SIZE: '4' } })
  const hanging: Promise<Response>[] = []
  const refused: { body: { name: string; email: string }; key: string }[] = []

  await whileLocked(stack, '"User"', async () => {
    // One after the other, until the server has noticed.
    while (refused.length === 0) {
      const body = { name: 'Ada', email: newAddress() }
      const key = randomUUID()
      const answer = postSignupOnce(body, { 'idempotency-key': key }, url)
      const first = await Promise.race([answer, new Promise((resolve) => setTimeout(resolve, 50))])
      if (first) refused.push({ body, key })
      else hanging.push(answer)
    }
    await expect.poll(() => countBlocked(stack, '"User"')).toBeLessThanOrEqual(4)

    const crowd = Array.from({ length: 200 }, () => ({
      body: { name: 'Ada', email: newAddress() },
      key: randomUUID(),
    }))
    const answers = await Promise.all(
      crowd.map(({ body, key }) => postSignupOnce(body, { 'idempotency-key': key }, url)),
    )
    for (const answer of answers) {
      expect(answer.status).toBe(503)
      expect(answer.headers.get('retry-after')).toBe('5')
      expect(answer.headers.get('content-type')).toBe('application/problem+json')
    }
    refused.push(...crowd)
    await expect.poll(() => countBlocked(stack, '"User"')).toBeLessThanOrEqual(4)
  })

  const served = (await Promise.all(hanging)).filter(({ status }) => status === 201)
  expect(await stack.query('SELECT FROM "User"')).toHaveLength(served.length)
  expect(await stack.query(`SELECT FROM pgboss.job WHERE name = 'send-email'`)).toHaveLength(served.length)

  for (const { body, key } of refused.slice(0, 3)) {
    const ask = (): Promise<Response> => postSignupOnce(body, { 'idempotency-key': key }, url)
    await waitFor(async () => (await ask()).status === 201)
    const [first, second] = await Promise.all([askUntilTaken(ask), askUntilTaken(ask)])
    expect([first.status, second.status]).toEqual([201, 201])
    expect(await second.json()).toEqual(await first.json())
  }
  expect(await stack.query('SELECT FROM "User"')).toHaveLength(served.length + 3)
})

/** More would close the connection. */
const PIPELINED = 10

test('a process that is busy with other requests rejects signups at once, until it has time again', async ({
  stack,
}) => {
  const { port } = new URL(stack.appUrl)
  const asked = 'GET /none HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(PIPELINED)
  let isBusy = true
  // Without waiting for answers, so that it is the server that has most to do.
  const crowd = Array.from({ length: 50 }, async () => {
    const socket = connect(Number(port), 'localhost').setEncoding('utf8')
    while (isBusy) {
      socket.write(asked)
      let text = ''
      while (text.split('HTTP/1.1 404').length <= PIPELINED) text += (await once(socket, 'data'))[0]
    }
    socket.destroy()
  })
  const signUp = (): Promise<Response> =>
    postSignupOnce({ name: 'Ada', email: newAddress() }, {}, stack.appUrl)
  await waitFor(async () => (await signUp()).status === 503)
  isBusy = false
  await Promise.all(crowd)
  await waitFor(async () => (await signUp()).status === 201)
})

test('a crowd that an idle server can serve is served', async ({ stack }) => {
  const signUp = (): Promise<Response> =>
    postSignupOnce({ name: 'Ada', email: newAddress() }, {}, stack.appUrl)
  // Again while the computer is busy with something else.
  await expect(async () => {
    const answers = await Promise.all(Array.from({ length: 100 }, signUp))
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]))
  }).toPass()
})

test('a crowd at a slow database: every answer is 201 or 503, and who keeps asking gets in', {
  tag: '@long',
}, async ({ stack }) => {
  await stack.query(
    `CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.5); RETURN NULL; END $$;
     CREATE TRIGGER dawdle AFTER INSERT ON "User" FOR EACH ROW EXECUTE FUNCTION dawdle()`,
  )
  try {
    const { url } = await stack.startWeb({ env: { DATABASE_POOL_SIZE: '2' } })
    const people = await Promise.all(Array.from({ length: 30 }, () => signUpStubbornly(() => url)))
    expect(people.some(({ asked }) => asked > 1)).toBe(true)
    expect(await stack.query('SELECT FROM "User"')).toHaveLength(30)
    expect(await stack.query(`SELECT FROM pgboss.job WHERE name = 'send-email'`)).toHaveLength(30)
  } finally {
    await stack.query('DROP TRIGGER dawdle ON "User"; DROP FUNCTION dawdle()')
  }
})

const WATCHED = [
  '/api/health',
  '/api/backstage/events', // stage
]

test('however many watch the app while the emails are locked: one statement for each page waits', async ({
  stack,
}) => {
  // Reads health once before, so that the emails' query meets the lock, and not the server's start.
  await readHealth(stack)
  const stop = new AbortController()
  // Postgres ends a statement that waits for nine seconds. Repeated if this computer was too busy to be done by then.
  await expect(async () => {
    const answers: Promise<Response>[] = []
    const ask = (path: string): void => {
      answers.push(fetch(stack.appUrl + path, { signal: stop.signal }))
    }
    await whileLocked(stack, '"Email"', async () => {
      for (let i = 0; i < 100; i++) for (const path of WATCHED) ask(path)
      // Until no request gets the old answer any more.
      await waitFor(async () => {
        ask('/api/health')
        return (await countBlocked(stack, '"Email"')) === WATCHED.length
      })
      // A request that needs no email is answered meanwhile, because the pool is free. By then, the server has received all
      // requests of the crowd, too.
      const missing = await fetch(`${stack.appUrl}/api/tickets/${randomUUID()}/erasure`, { method: 'POST' })
      expect(missing.status).toBe(401)
      expect(await countBlocked(stack, '"Email"')).toBe(WATCHED.length)
    })
    const statuses = (await Promise.all(answers)).map(({ status }) => status)
    expect(new Set(statuses)).toEqual(new Set([200]))
  }).toPass()
  stop.abort()
})

test('a backlog is counted up to 10,000, by emails that wait', { tag: '@long' }, async ({ stack }) => {
  const addEmails = (status: string, count: number): Promise<unknown> =>
    stack.query(
      `WITH person AS (
         INSERT INTO "User" (name, email) SELECT 'Ada', gen_random_uuid() || '@example.com' FROM generate_series(1, $2)
         RETURNING id
       )
       INSERT INTO "Email" ("userId", kind, status) SELECT id, 'welcome', $1::"EmailStatus" FROM person`,
      [status, count],
    )
  await addEmails('queued', 2)
  await addEmails('retrying', 3)
  await addEmails('sending', 4)
  await addEmails('failed', 5)
  await expect.poll(() => readHealth(stack)).toMatchObject({ queued: 5, failed: 5 })
  await addEmails('queued', 12_000)
  await expect.poll(() => readHealth(stack)).toMatchObject({ queued: 10_000, failed: 5 })
})

test('health tells why no mail goes out, until when, and whether an operator must act', async ({ stack }) => {
  await expect.poll(() => readHealth(stack)).toMatchObject({ attention: null, paused: null })
  for (const reason of ['rate_limit_exceeded', 'daily_quota_exceeded', 'service_unavailable', 'timeout']) {
    const until = await setPace(stack, reason)
    await expect.poll(() => readHealth(stack)).toMatchObject({ attention: null, paused: { reason, until } })
  }
  // The last one is no code that we know. Without failures, Resend has rejected the account with it.
  for (const reason of ['restricted_api_key', 'validation_error', 'account_under_review']) {
    const until = await setPace(stack, reason)
    await expect.poll(() => readHealth(stack)).toMatchObject({ attention: reason, paused: { reason, until } })
  }
  await stack.query('UPDATE "Pace" SET failures = 1')
  await expect.poll(() => readHealth(stack)).toMatchObject({ attention: null })
  await setPace(stack, null)
  await expect.poll(() => readHealth(stack)).toMatchObject({ attention: null, paused: null })
})

test('an answer about health that takes long is read once for all who ask meanwhile', async ({ stack }) => {
  await whileLocked(stack, '"Pace"', async () => {
    const asking = new AbortController()
    const ask = (): Promise<unknown> =>
      fetch(`${stack.appUrl}/api/health`, { signal: asking.signal }).catch(() => {})
    const answers: Promise<unknown>[] = []
    // Until no request gets the old answer any more.
    await waitFor(async () => {
      answers.push(ask())
      return (await countBlocked(stack, '"Pace"')) === 1
    })
    // The shared answer takes longer than its lifetime, so a new request waits for the same answer.
    const end = Date.now() + 500
    while (Date.now() < end) {
      answers.push(ask())
      expect(await countBlocked(stack, '"Pace"')).toBe(1)
    }
    asking.abort()
    await Promise.all(answers)
  })
})

test('liveness does not wait behind readiness', async ({ stack }) => {
  const web = await stack.startWeb({ env: { LIMIT_CONCURRENCY_PER_VISITOR: '2' } })
  await whileLocked(stack, '"Email"', async () => {
    const asking = new AbortController()
    let answers = 0
    const asked = Array.from({ length: 4 }, () =>
      fetch(`${web.url}/api/health`, { signal: asking.signal }).then(
        () => answers++,
        () => {},
      ),
    )
    await waitFor(async () => (await countBlocked(stack, '"Email"')) === 1)
    expect((await fetch(`${web.url}/api/health/live`)).status).toBe(200)
    expect(answers).toBe(0)
    asking.abort()
    await Promise.all(asked)
  })
})

// stage
test('the audience sees the pause come and go', async ({ stack }) => {
  const messages = readEvents(`${stack.appUrl}/api/backstage/events`)
  const until = async (satisfies: (paused: unknown) => boolean): Promise<void> => {
    for (;;) {
      const { value } = await messages.next()
      const data = value?.data as { paused?: unknown } | undefined
      if (value?.event === 'backstage' && data && 'paused' in data && satisfies(data.paused)) return
    }
  }
  await until((paused) => paused === null)
  const time = await setPace(stack, 'daily_quota_exceeded')
  await until(
    (paused) => JSON.stringify(paused) === JSON.stringify({ reason: 'daily_quota_exceeded', until: time }),
  )
  await stack.query('DELETE FROM "Pace"')
  await until((paused) => paused === null)
  await messages.return(undefined)
})
