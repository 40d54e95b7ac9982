import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect } from '@playwright/test'
import { isDelivered, newAddress, postSignup, readForm, signUp } from '../app'
import { readLink, sendLink } from '../links'
import { act, isOwner, type Owner, signUpOwner } from '../owner'
import { type Env, findPort, type Stack, type Web, waitFor } from '../stack'
import { test } from '../test'
import { findFaults, untilSettled } from './oracle'
import {
  countEmails,
  countSends,
  hurry,
  hurryHeartbeats,
  isFinal,
  until,
  untilAsked,
  untilHurried,
} from './steps'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

/** The environment of a process whose clock is wrong by some ms. */
function shiftClock(ms: number): Env {
  const preload = pathToFileURL(path.resolve('e2e/faults/shift-clock.mjs')).href
  const file = test.info().outputPath(`clock ${ms}`)
  writeFileSync(file, `${ms}`)
  return { CLOCK_SHIFT: file, NODE_OPTIONS: `--import=${preload}` }
}

/** A web server whose clock is wrong by some ms. */
async function startWeb(stack: Stack, ms: number, env: Env = {}): Promise<Web> {
  const port = await findPort()
  return await stack.startWeb({
    port,
    env: {
      ...shiftClock(ms),
      APP_URL: `http://localhost:${port}`,
      FORM_MIN_SECONDS: '6',
      LIMIT_SIGNUPS_PER_MINUTE: '1000',
      ...env,
    },
  })
}

for (const [clock, ms] of [
  ['two hours slow', -2 * HOUR],
  ['two hours fast', 2 * HOUR],
] as const) {
  test(`a worker ${clock}: batches are old when the database says so, and what it writes is on time`, {
    tag: '@long',
  }, async ({ stack }) => {
    // Two batches whose worker has died with them in hand.
    await stack.setProvider({ mode: 'hang' })
    const first = await stack.startWorker()
    const { id: old } = await signUp(newAddress(), stack.appUrl)
    await untilAsked(stack, old)
    const { id: young } = await signUp(newAddress(), stack.appUrl)
    await untilAsked(stack, young)
    await first.kill('SIGKILL')
    await stack.setProvider({ mode: 'outage' })
    const age = (id: string, hours: number): Promise<unknown> =>
      stack.query(
        `UPDATE "Batch" SET "createdAt" = now() - make_interval(hours => $2) FROM "Email"
         WHERE "Email".id = $1 AND "Batch".id = "batchId"`,
        [id, hours],
      )
    // A clock two hours off would take the one for the other.
    await age(old, 24)
    await age(young, 22)

    const worker = await stack.startWorker(shiftClock(ms))
    const { id: third } = await signUp(newAddress(), stack.appUrl)
    const waiting = await untilRetrying(stack, third)
    expect(Date.parse(waiting.retryAt) - Date.parse(waiting.at)).toBeGreaterThan(-1_000)
    expect(Date.parse(waiting.retryAt) - Date.parse(waiting.at)).toBeLessThan(MINUTE)
    await stack.setProvider({ mode: 'ok' })
    await hurryHeartbeats(stack)
    await untilHurried(stack, async () => (await countEmails(stack, 'delivered', 'failed')) === 3)
    const { status, timeline } = await until(stack, old, isFinal)
    expect([status, timeline.at(-1)?.reason]).toEqual(['failed', 'outcome_unknown'])
    for (const id of [young, third]) {
      await until(stack, id, ({ status }) => status === 'delivered')
      expect((await countSends(stack, id)).accepted).toBe(1)
    }
    await untilSettled(stack)
    expect(await findFaults(stack, [old, young, third])).toEqual([])
    await stack.query(`DELETE FROM "Batch" WHERE "createdAt" < now() - interval '1 hour'`)
    expect(await findShiftedTimes(stack)).toEqual([])
    expect(await worker.kill('SIGTERM')).toBe(0)
  })
}

type Waiting = { at: string; retryAt: string }

async function untilRetrying(stack: Stack, id: string): Promise<Waiting> {
  // During a pause there is one trial at a time, and another mail may have taken it.
  const { timeline } = await hurry(stack, () => until(stack, id, ({ status }) => status === 'retrying'))
  return timeline.find(({ retryAt }) => retryAt) as Waiting
}

test('web servers ten minutes fast and slow: forms, sessions, links, files and mailboxes have their time', {
  tag: '@long',
}, async ({ stack }) => {
  const [fast, slow] = await Promise.all([
    startWeb(stack, 10 * MINUTE),
    startWeb(stack, -10 * MINUTE),
    stack.startWorker(shiftClock(2 * HOUR)),
  ])
  const webs = [fast, slow]
  const at = (owner: Owner, { url }: Web): Owner => ({ ...owner, url })

  await test.step('a form that one has made is neither too quick nor too old for the other', async () => {
    for (const [maker, judge] of [
      [fast, slow],
      [slow, fast],
    ] as const) {
      let form = await readForm(maker.url)
      const send = (): Promise<Response> =>
        postSignup({ name: 'Ada', email: newAddress(), form }, {}, judge.url)
      let early = await send()
      // On a busy computer, the answer may take as long as a person does.
      while (early.status === 201) {
        form = await readForm(maker.url)
        early = await send()
      }
      expect(early.status, 'at once').toBe(422)
      await waitFor(async () => (await send()).status === 201)
    }
  })

  await test.step('rows have the time of the database, from every writer', async () => {
    const owners = await Promise.all(webs.map(({ url }) => signUpOwner(url)))
    for (const { id } of owners) {
      const { timeline } = await until(stack, id, isDelivered)
      const times = timeline.map(({ at }) => Date.parse(at))
      expect(times).toEqual([...times].sort((a, b) => a - b))
    }
    expect(await findShiftedTimes(stack)).toEqual([])
  })

  await test.step('sessions', async () => {
    const owner = await signUpOwner(fast.url)
    // Not '30 days': across a change of the clocks, these are an hour more or less in this test's zone.
    const use = (age: string): Promise<unknown> =>
      stack.query(
        `UPDATE "Session" SET "usedAt" = now() - interval '720 hours' + $1::interval FROM "User"
         WHERE "User".id = $2 AND "Session".id = "sessionId"`,
        [age, owner.userId],
      )
    for (const web of webs) {
      await use('-5 minutes')
      expect(await isOwner(at(owner, web)), 'over').toBe(false)
      await use('5 minutes')
      expect(await isOwner(at(owner, web)), 'not over').toBe(true)
      expect(await findShiftedTimes(stack)).toEqual([])
    }
  })

  await test.step('mailboxes that want no mail', async () => {
    const owner = await signUpOwner(stack.appUrl)
    await until(stack, owner.id, isDelivered)
    const link = await readLink(stack.env, owner.id, 'not-me')
    expect((await sendLink(fast.url, 'not-me', link)).status).toBe(202)
    await waitFor(async () => (await fetch(`${stack.appUrl}/api/emails/${owner.id}`)).status === 404)
    const [row] = await stack.query<{ days: number }>(
      `SELECT extract(epoch FROM "expiresAt" - now()) / 86400 AS days FROM "SuppressedMailbox"`,
    )
    expect(Number(row?.days)).toBeCloseTo(30, 2)
    const post = async (web: Web): Promise<number> =>
      (await postSignup({ name: 'Ada', email: owner.email }, {}, web.url)).status
    await stack.query(`UPDATE "SuppressedMailbox" SET "expiresAt" = now() + interval '5 minutes'`)
    expect(await post(fast)).toBe(409)
    await stack.query(`UPDATE "SuppressedMailbox" SET "expiresAt" = now() - interval '5 minutes'`)
    expect(await post(slow)).toBe(201)
  })

  await test.step('links to lost tickets, made by a worker two hours fast', async () => {
    const owner = await signUpOwner(stack.appUrl)
    await fetch(`${slow.url}/api/tickets/lost`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ email: owner.email }),
    })
    let mailId = ''
    await waitFor(async () => {
      const [mail] = await stack.query<{ id: string }>(
        `SELECT id FROM "Email" WHERE "userId" = $1 AND kind = 'ticket' AND status = 'delivered'`,
        [owner.userId],
      )
      mailId = mail?.id ?? ''
      return mailId !== ''
    })
    const link = await readLink(stack.env, mailId, 'lost')
    const endsAt = Number(link.split('.')[1])
    expect(Math.abs(endsAt - HOUR - Date.now())).toBeLessThan(MINUTE)
    expect((await sendLink(fast.url, 'tickets/open', link)).status).toBe(200)
  })

  // orders
  await test.step('files', async () => {
    const owner = await signUpOwner(stack.appUrl)
    expect((await act(owner, 'POST', 'export')).status).toBe(202)
    await waitFor(async () => (await stack.query(`SELECT FROM "Export" WHERE status = 'ready'`)).length === 1)
    const [file] = await stack.query<{ hours: number }>(
      `SELECT extract(epoch FROM "expiresAt" - now()) / 3600 AS hours FROM "Export"`,
    )
    expect(Number(file?.hours)).toBeCloseTo(24, 1)
    const read = async (web: Web): Promise<number> => (await act(at(owner, web), 'GET', 'export/file')).status
    await stack.query(`UPDATE "Export" SET "expiresAt" = now() + interval '5 minutes'`)
    expect(await read(fast)).toBe(200)
    await stack.query(`UPDATE "Export" SET "expiresAt" = now() - interval '5 minutes'`)
    expect(await read(slow)).toBe(410)
  })
})

/** Columns that say when something will be over, and for how many minutes it may last. */
const DEADLINES: Record<string, number> = {
  'Email.usedAt': 0,
  'EmailEvent.retryAt': 60,
  'Export.expiresAt': 24 * 60, // orders
  'Pace.nextTurnAt': 60,
  'RateLimit.expiresAt': 24 * 60,
  'Session.usedAt': 0,
  'SpentKey.until': 24 * 60,
  'SuppressedMailbox.expiresAt': 30 * 24 * 60,
}

/** Times in any table that are not of the last minutes by the database's clock. */
async function findShiftedTimes(stack: Stack): Promise<string[]> {
  const columns = await stack.query<{ schema: string; table: string; name: string }>(
    `SELECT table_schema AS schema, table_name AS table, column_name AS name FROM information_schema.columns
     WHERE data_type = 'timestamp with time zone' AND table_schema = 'public'
       AND table_name <> '_prisma_migrations'
     UNION ALL SELECT 'pgboss', 'job', unnest(ARRAY['created_on', 'started_on', 'completed_on', 'heartbeat_on'])`,
  )
  const shifted: string[] = []
  for (const { schema, table, name } of columns) {
    const minutes = DEADLINES[`${table}.${name}`] ?? 0
    const rows = await stack.query<{ time: string }>(
      `SELECT "${name}"::text AS time FROM ${schema}."${table}"
       WHERE "${name}" > now() + make_interval(mins => $1 + 1)
         OR "${name}" BETWEEN now() - interval '20 days' AND now() - interval '4 minutes'`,
      [minutes],
    )
    shifted.push(...rows.map(({ time }) => `${table}.${name}: ${time}`))
  }
  return shifted
}

/** Where a process may look at its own clock, and why. docs/operations.md names what follows for an operator. */
const OWN_CLOCK: Record<string, string> = {
  'app/(orders)/_components/use-orders.ts': 'when to try again, in the browser', // orders
  'app/(stage)/backstage/use-desks.ts': 'how long a desk stays dark, in the browser', // stage
  'app/(stage)/stage-mode.tsx': 'how long a browser stays on stage, in the browser', // stage
  'app/components/signup/send-signup.ts': 'when to try again, in the browser',
  'app/components/site/countdown.tsx': 'what is left of a pause, in the browser',
  'lib/db/clock.ts': 'until the database has said the time once',
  'lib/sending/retry-after.ts': 'a date in Retry-After, from a server that does not say its own time',
  'lib/queue.ts': 'how long pg-boss waits, by a clock that is never set',
  'prisma/new-migration.ts': 'the name of a new migration',
  'worker/check-settings.ts': 'how far it is from that of the database',
}

test('rows are judged by the database’s clock: no other file looks at its own', () => {
  const files = ['app', 'lib', 'worker', 'prisma']
    .flatMap((folder) =>
      readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => `${folder}/${name}`),
    )
    .concat(['instrumentation.ts', 'instrumentation-node.ts', 'proxy.ts'])
    .map((file) => file.replaceAll('\\', '/'))
    .filter((file) => /\.tsx?$/.test(file) && !file.startsWith('lib/generated/'))
  const looking = files.filter((file) =>
    /Date\.now\(|new Date\(\)|\bDate\(\)|timeOrigin/.test(readFileSync(file, 'utf8')),
  )
  expect(looking.sort()).toEqual(Object.keys(OWN_CLOCK).sort())
  // Prisma would fill these in by itself, with the time of the process.
  expect(readFileSync('prisma/schema.prisma', 'utf8')).not.toMatch(/@default\(now\(\)\)|@updatedAt/)
})
