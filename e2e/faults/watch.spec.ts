import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { expect } from '@playwright/test'
import { Client } from 'pg'
import { isDelivered, newAddress, postSignup, signUp, waitForSnapshot } from '../app'
import { findPort, type Process, type Stack, waitFor } from '../stack'
import { test } from '../test'
import { postWebhook, report, signUpMany, until } from './steps'

/* What an operator sees: logs, and how each process is. */

const TOKEN = 'a-token-of-the-operator'

/** Sends real mail as far as it knows, and logs as in production. */
const PRODUCTION = {
  LOG_FORMAT: 'json',
  RESEND_API_KEY: 're_real',
  OPERATOR_TOKEN: TOKEN,
  LIMIT_WRONG_SIGNATURES: '0',
}

type Line = Record<string, unknown> & { msg: string }

/** The events in a log. Next says a few words of its own before it starts. */
function readLog(...processes: Process[]): Line[] {
  const lines = processes.flatMap((process) => process.output().split('\n'))
  return lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line))
}

test('a search for an email finds its story in web, worker and webhook, and no log tells who it is', async ({
  stack,
}) => {
  const [web, worker] = await Promise.all([
    stack.startWeb({ env: PRODUCTION }),
    stack.startWorker({ LOG_FORMAT: 'json' }),
  ])
  const email = newAddress()
  const signup = await postSignup({ name: 'Zebulon', email }, { 'x-request-id': 'story-1' }, web.url)
  expect(signup.headers.get('x-request-id')).toBe('story-1')
  const { id } = (await signup.json()).welcomeEmail
  await waitForSnapshot(id, isDelivered, web.url)
  const complaint = { email_id: `mail-of-${id}`, tags: { email_id: id } }
  const told = await report({ ...stack, appUrl: web.url } as Stack, 'email.complained', complaint)

  const story = (): Line[] => readLog(web, worker).filter((line) => JSON.stringify(line).includes(id))
  await waitFor(() => story().length >= 4)
  expect(story().map(({ msg }) => msg)).toEqual([
    'queued',
    'reported as complained',
    'sending',
    expect.stringMatching(/^→ sent {2}\d+\.\d s$/),
  ])
  expect(story()[0]).toMatchObject({ level: 'info', emailId: id, requestId: 'story-1' })
  expect(story()[1]).toMatchObject({ emailId: id, requestId: told.headers.get('x-request-id') })
  expect(story()[2]).toMatchObject({ emailId: id, queue: 'send-email' })

  // Postgres quotes the row, Prisma the call, Next the page.
  await stack.query(`ALTER TABLE "User" ADD CONSTRAINT nobody CHECK (name <> 'Zebulon') NOT VALID`)
  await stack.query('ALTER TABLE "EmailEvent" RENAME TO "EmailEventAway"')
  try {
    const answers = [
      await fetch(`${web.url}/tickets/${id}`, { headers: { 'x-request-id': `${email}` } }),
      await fetch(`${web.url}/api/emails/${id}`),
    ]
    expect(answers.map(({ status }) => status)).toEqual([500, 503])
    await stack.query('ALTER TABLE "EmailEventAway" RENAME TO "EmailEvent"')
    answers.push(await postSignup({ name: 'Zebulon', email: newAddress() }, {}, web.url))
    const errors = readLog(web).filter(({ level, requestId }) => level === 'error' && requestId)
    // A page may fail in more than one place.
    expect([...new Map(errors.map(({ msg, requestId }) => [msg, requestId]))]).toEqual([
      ['GET /tickets/[id]', answers[0]?.headers.get('x-request-id')],
      ['GET /api/emails/…', answers[1]?.headers.get('x-request-id')],
      ['POST /api/users', answers[2]?.headers.get('x-request-id')],
    ])
    // A table that is away is a reason. What is unexpected has a stack.
    expect(errors[0]?.reason).toEqual(expect.any(String))
    expect(errors.at(-1)?.err).toMatchObject({ stack: expect.stringContaining('\n') })
  } finally {
    await stack.query('ALTER TABLE IF EXISTS "EmailEventAway" RENAME TO "EmailEvent"')
    await stack.query('ALTER TABLE "User" DROP CONSTRAINT nobody')
  }

  const forged = Array.from({ length: 50 }, () => postWebhook({ ...stack, appUrl: web.url }, '{}', {}))
  for (const answer of await Promise.all(forged)) expect(answer.status).toBe(401)
  expect(readLog(web).filter(({ msg }) => msg.includes('wrong signature'))).toHaveLength(1)

  const all = web.output() + worker.output()
  for (const secret of ['Zebulon', email, `/${id}`, '@example.com']) expect(all).not.toContain(secret)
})

test('a large batch is one line with the ids of its mails, and another for those that were refused', {
  tag: '@long',
}, async ({ stack }) => {
  const refused = await signUp(`invalid+${randomUUID()}@resend.dev`, stack.appUrl)
  const ids = await signUpMany(stack, 40)
  const worker = await stack.startWorker({ LOG_FORMAT: 'json' })
  const toldAs = (result: string): string[] =>
    readLog(worker)
      .filter(({ msg }) => msg.startsWith(`→ ${result}`))
      .flatMap(({ emailId, emailIds }) => emailIds ?? emailId) as string[]
  await waitFor(() => toldAs('sent').length === ids.length)
  expect(toldAs('sent').toSorted()).toEqual(ids.toSorted())
  expect(toldAs('failed')).toEqual([refused.id])
  expect(readLog(worker).some(({ emailIds }) => (emailIds as string[])?.length > 5)).toBe(true)
})

test('each process tells that it lives, whether it works, and more to the operator alone', async ({
  stack,
}) => {
  const port = await findPort()
  const [web, worker] = await Promise.all([
    stack.startWeb({ env: PRODUCTION }),
    stack.startWorker({ LOG_FORMAT: 'json', OPERATOR_TOKEN: TOKEN, WORKER_PORT: `${port}` }),
  ])
  const urls = [web.url, `http://localhost:${port}`]
  const ask = (url: string, authorization = ''): Promise<Response> =>
    fetch(`${url}/api/health`, { headers: { authorization } })
  const readAll = { database: 'up', workers: 1, queued: 0 }
  const details = {
    ...{ failed: 0, failedJobs: {}, unserved: {}, stranded: 0, repaired: expect.any(Number) },
    ...{ attention: null, paused: null, oldest: 0, perSecond: 10 },
  }

  for (const authorization of ['', 'Bearer wrong', `Basic ${btoa(`${TOKEN}:wrong`)}`, TOKEN])
    expect(await (await ask(web.url, authorization)).json()).toEqual(readAll)
  for (const authorization of [`Bearer ${TOKEN}`, `Basic ${btoa(`anybody:${TOKEN}`)}`])
    expect(await (await ask(web.url, authorization)).json()).toEqual({ ...readAll, ...details })
  expect(await (await ask(urls[1] ?? '')).json()).toEqual(readAll)
  expect(await (await ask(urls[1] ?? '', `Bearer ${TOKEN}`)).json()).toEqual({ ...readAll, ...details })
  expect((await fetch(`${urls[1]}/api/users`)).status).toBe(404)

  // Strangers cannot count signups: they see steps.
  for (const [waiting, step] of [
    [9, 1],
    [37, 10],
    [100, 100],
  ]) {
    await stack.query(
      `WITH person AS (INSERT INTO "User" (name, email) SELECT 'Ada', gen_random_uuid() FROM generate_series(1, $1) RETURNING id)
       INSERT INTO "Email" ("userId", kind) SELECT id, 'welcome' FROM person`,
      [waiting],
    )
    await expect
      .poll(async () => (await ask(web.url, `Bearer ${TOKEN}`)).json())
      .toMatchObject({ queued: waiting })
    await expect.poll(async () => (await ask(web.url)).json()).toEqual({ ...readAll, queued: step })
    await stack.query('DELETE FROM "User"')
  }

  await stack.withoutPostgres(async () => {
    for (const url of urls) {
      // The answer may be a second old.
      await expect.poll(async () => (await ask(url)).status).toBe(503)
      const alive = await fetch(`${url}/api/health/live`)
      expect([alive.status, await alive.json()]).toEqual([200, { process: 'up' }])
    }
  })
  await waitFor(async () => (await Promise.all(urls.map((url) => ask(url)))).every(({ ok }) => ok))
  // It lost many connections, and asked for jobs again and again.
  expect(readLog(worker).filter(({ msg }) => msg === 'pg-boss reports an error')).toHaveLength(1)
})

test('health is never a 500: what cannot be read is null, and the log says why', { tag: '@long' }, async ({
  stack,
}) => {
  const web = await stack.startWeb({ env: { LOG_FORMAT: 'json' } })
  const read = async (): Promise<Record<string, unknown>> => {
    const response = await fetch(`${web.url}/api/health`)
    expect(response.status).toBe(200)
    return await response.json()
  }
  const worker = await stack.startWorker({ LOG_FORMAT: 'json' })
  // A pause that is over is none while no mail waits for the trial.
  for (const [time, paused] of [
    ['infinity', { reason: 'daily_quota_exceeded', until: null }],
    ['-infinity', null],
    ['250000-01-01', { reason: 'daily_quota_exceeded', until: null }],
  ]) {
    await stack.query(
      `INSERT INTO "Pace" (account, "nextTurnAt", reason) VALUES ('resend', $1, 'daily_quota_exceeded')
       ON CONFLICT (account) DO UPDATE SET "nextTurnAt" = excluded."nextTurnAt", reason = excluded.reason`,
      [time],
    )
    await expect.poll(read).toMatchObject({ paused })
  }
  const [id = ''] = await signUpMany({ ...stack, appUrl: web.url }, 1)
  await stack.query(`UPDATE "Pace" SET "nextTurnAt" = 'infinity'`)
  await stack.query(`UPDATE "Email" SET "updatedAt" = '-infinity'`)
  await expect.poll(read).toMatchObject({ oldest: null, queued: 1 })
  // More comes in than may go out: the alert, and that it ends when the mail goes out.
  await stack.query(`UPDATE "Pace" SET reason = NULL`)
  await stack.query(`UPDATE "Email" SET "updatedAt" = now() - interval '301 s'`)
  await expect.poll(read).toMatchObject({ oldest: expect.any(Number), queued: 1, paused: null })
  expect((await read()).oldest).toBeGreaterThan(300)
  // The worker waits, as it was told, and does not fail.
  await stack.query(`UPDATE "Pace" SET "nextTurnAt" = now()`)
  expect((await until(stack, id, ({ final }) => final)).status).toBe('delivered')
  await expect.poll(read).toMatchObject({ oldest: 0, queued: 0 })
  expect(readLog(worker).filter(({ level }) => level === 'error')).toEqual([])

  await stack.query('ALTER TABLE "Sweep" RENAME TO away')
  await expect.poll(read).toMatchObject({ stranded: null, failed: 0, database: 'up' })
  await stack.query('ALTER TABLE away RENAME TO "Sweep"')
  await stack.query('ALTER TABLE pgboss.queue RENAME TO away')
  await expect.poll(read).toMatchObject({ unserved: null, failed: null, database: 'up' })
  await stack.query('ALTER TABLE pgboss.away RENAME TO queue')
  await expect.poll(read).toMatchObject({ unserved: {}, stranded: 0 })
  const trouble = readLog(web).filter(({ msg }) => String(msg).startsWith('The health of the '))
  expect(trouble.length).toBeGreaterThanOrEqual(2)
})

test('a worker that is dead is not counted, whatever connections a pooler keeps in its name', {
  tag: '@long',
}, async ({ stack }) => {
  const readWorkers = async () => (await (await fetch(`${stack.appUrl}/api/health`)).json()).workers
  const worker = await stack.startWorker()
  await waitFor(async () => (await readWorkers()) === 1)
  const kept = new Client({
    connectionString: stack.databaseUrl,
    application_name: `email worker ${worker.pid}@${hostname()}`,
  })
  await kept.connect()
  await worker.kill('SIGKILL')
  await waitFor(async () => (await readWorkers()) === 0)
  await kept.end()

  // One that froze does no work, either.
  const frozen = await stack.startWorker()
  await waitFor(async () => (await readWorkers()) === 1)
  process.kill(frozen.pid, 'SIGSTOP')
  await waitFor(async () => (await readWorkers()) === 0)
  process.kill(frozen.pid, 'SIGCONT')
  await waitFor(async () => (await readWorkers()) === 1)
})
