import { randomUUID } from 'node:crypto'
import { expect } from '@playwright/test'
import { Client } from 'pg'
import { PgBoss } from 'pg-boss'
import { QUEUES } from '../../lib/queue'
import { listRoutes } from '../../sandbox/routes'
import { newAddress, postSignup } from '../app'
import { signUpOwner } from '../owner'
import { query, type Web, waitFor } from '../stack'
import { test } from '../test'
import { findFaults, untilSettled } from './oracle'
import { closeGate, hurry, signUpStubbornly, until } from './steps'

for (const [word, signal] of [
  ['fast', 'SIGINT'],
  ['immediate', 'SIGQUIT'],
] as const) {
  test(`Postgres is stopped (${word}) under load: web and worker go on without a restart`, {
    tag: word === 'fast' ? '@long' : [],
  }, async ({ stack }) => {
    const worker = await stack.startWorker()
    const answered: { id: string; asked: number }[] = []
    const signUpAnother = async (): Promise<string> => {
      const signup = await signUpStubbornly(() => stack.appUrl)
      answered.push(signup)
      return signup.id
    }
    let loading = true
    const load = Array.from({ length: 3 }, async () => {
      while (loading) {
        await signUpAnother()
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
    })
    for (let stop = 0; stop < 2; stop++) {
      // There is traffic before and after each stop.
      await until(stack, await signUpAnother(), ({ status }) => status !== 'queued')
      await stack.killPostgres(signal)
      await signUpAnother()
    }
    loading = false
    await Promise.all(load)
    expect(answered.some(({ asked }) => asked > 1)).toBe(true)
    await hurry(stack, () => untilSettled(stack))
    expect(
      await findFaults(
        stack,
        answered.map(({ id }) => id),
      ),
    ).toEqual([])
    // It is the same process that took and finished them.
    expect(await worker.kill('SIGTERM')).toBe(0)
  })
}

test('Postgres is away: 503 with Retry-After, and health says so', async ({ stack }) => {
  await stack.withoutPostgres(async () => {
    const answers = await Promise.all([
      fetch(`${stack.appUrl}/api/health`),
      fetch(`${stack.appUrl}/api/emails/7cf0ea3c-66a4-4b1e-8f5b-000000000000`),
      postSignup({ name: 'Ada', email: newAddress() }, {}, stack.appUrl),
    ])
    for (const answer of answers) {
      expect(answer.status).toBe(503)
      expect(answer.headers.get('retry-after')).toBe('5')
      expect(answer.headers.get('content-type')).toBe('application/problem+json')
    }
  })
  expect((await fetch(`${stack.appUrl}/api/health`)).status).toBe(200)
  expect(await stack.query('SELECT FROM "User"')).toEqual([])
})

test('a release while Postgres vacuums the jobs: nothing waits for the lock', { tag: '@long' }, async ({
  stack,
}) => {
  const migrate = () =>
    stack.run(['--import', 'tsx', 'prisma/migrate.ts'], { DATABASE_URL: stack.databaseUrl })
  const vacuum = new Client({ connectionString: stack.databaseUrl })
  await vacuum.connect()
  // Postgres takes this lock for a VACUUM. Without ONLY, it locks all partitions.
  const lock = 'BEGIN; LOCK TABLE pgboss.job IN SHARE UPDATE EXCLUSIVE MODE'
  await vacuum.query(lock)
  expect(await migrate()).toMatchObject({ code: 0 })

  // The first release creates an index, which needs the lock.
  await vacuum.query('COMMIT')
  await stack.query('DROP INDEX pgboss.job_carries')
  await vacuum.query(lock)
  expect(await migrate()).toMatchObject({ code: 1, output: expect.stringContaining('lock timeout') })
  await vacuum.end()
  expect(await migrate()).toMatchObject({ code: 0 })
  expect(await stack.query(`SELECT to_regclass('pgboss.job_carries')::text AS index`)).toEqual([
    { index: 'pgboss.job_carries' },
  ])
})

test('pg-boss is missing, or has no queue yet, as during a restore: 503, and the same key gets its 201 after npm run migrate', {
  tag: '@long',
}, async ({ stack }) => {
  const env = { DATABASE_URL: stack.databaseUrl }
  const webs = [await stack.startWeb()]
  const keys: Record<string, string> = {}
  const signUp = async ({ url }: Web): Promise<number> => {
    keys[url] ??= randomUUID()
    const person = { name: 'Ada', email: `${keys[url]}@example.com` }
    return (await postSignup(person, { 'idempotency-key': keys[url] }, url)).status
  }
  expect(await Promise.all(webs.map(signUp))).toEqual([201])
  // One that knows the queue, and one that does not.
  delete keys[webs[0]?.url ?? '']
  try {
    await stack.query('DROP SCHEMA pgboss CASCADE')
    webs.push(await stack.startWeb())
    expect(await Promise.all(webs.map(signUp))).toEqual([503, 503])
    const boss = new PgBoss(stack.databaseUrl)
    await boss.start()
    await boss.stop()
    expect(await Promise.all(webs.map(signUp))).toEqual([503, 503])
  } finally {
    await stack.run(['--import', 'tsx', 'prisma/migrate.ts'], env)
  }
  expect(await Promise.all(webs.map(signUp))).toEqual([201, 201])
  const jobs = await stack.query(`SELECT FROM pgboss.job WHERE name = 'send-email'`)
  expect(jobs).toHaveLength(2)
})

test('no page is a 500 while the database is away or refuses the password: 503 with words, and a line with the reason', {
  tag: '@long',
}, async ({ stack, page }) => {
  const id = '7cf0ea3c-66a4-4b1e-8f5b-000000000000'
  const pages = (await listRoutes()).filter((path) => !path.startsWith('/api/'))
  expect(pages).toEqual(expect.arrayContaining(['/', '/tickets/none']))
  expect(pages).toEqual(expect.arrayContaining(['/inbox', '/backstage'])) // stage
  pages.push(`/tickets/${id}`, `/not-me/${id}`, `/lost/${id}`)

  async function visitAll(web: Web): Promise<void> {
    for (const path of pages) {
      const answer = await page.goto(web.url + path)
      expect([200, 404, 503], path).toContain(answer?.status())
      if (answer?.status() !== 503) continue
      expect(answer.headers()['retry-after'], path).toBe('5')
      await expect(page.getByRole('heading', { name: 'Temporarily unavailable' })).toBeVisible()
      await expect(page.getByText('Our database cannot be reached.')).toBeVisible()
    }
    expect((await page.goto(`${web.url}/tickets/${id}`))?.status()).toBe(503)
    expect((await page.goto(web.url))?.status()).toBe(200)
    const lines = web
      .output()
      .split('\n')
      .filter((line) => line.includes('"level":"error"'))
    expect(lines.filter((line) => line.includes('"stack"'))).toEqual([])
    expect(lines.filter((line) => line.includes('"msg":"GET /tickets/"'))).not.toEqual([])
  }

  const wrong = new URL(stack.databaseUrl)
  wrong.password = 'wrong'
  const refused = await stack.startWeb({ env: { DATABASE_URL: wrong.href, LOG_FORMAT: 'json' } })
  await visitAll(refused)
  expect(refused.output()).toMatch(/"reason":"password authentication failed.*"msg":"GET \/tickets\/"/)
  const web = await stack.startWeb({ env: { LOG_FORMAT: 'json' } })
  expect((await page.goto(`${web.url}/tickets/${id}`))?.status()).toBe(404)
  await stack.withoutPostgres(async () =>
    expect((await page.goto(`${web.url}/tickets/${id}`))?.status()).toBe(503),
  )
  await expect.poll(async () => (await page.goto(`${web.url}/tickets/${id}`))?.status()).toBe(404)
})

test('Postgres is read-only, or breaks off what takes long: 503, and everything goes on when it ends', {
  tag: '@long',
}, async ({ stack }) => {
  const worker = await stack.startWorker()
  // The test's own statements have the time that they need.
  const patient = { ...stack, databaseUrl: `${stack.databaseUrl}?options=-c%20statement_timeout%3D0` }
  const setSystem = async (change: string): Promise<void> => {
    await query(patient.databaseUrl, `ALTER SYSTEM ${change}`)
    await query(patient.databaseUrl, 'SELECT pg_reload_conf()')
  }
  const owner = await signUpOwner(stack.appUrl)
  await stack.query(`UPDATE "Session" SET "usedAt" = now() - interval '2 hours'`)
  const answered = [owner.id]
  const post = async (): Promise<Response> => {
    const answer = await postSignup({ name: 'Ada', email: newAddress() }, {}, stack.appUrl)
    if (answer.status === 201) answered.push((await answer.clone().json()).welcomeEmail.id)
    return answer
  }
  try {
    await setSystem('SET default_transaction_read_only = on')
    // Each session applies the setting a moment later, on its own.
    let refused = await post()
    while (refused.status !== 503) refused = await post()
    expect(refused.headers.get('retry-after')).toBe('5')
    // Reads still work, also for an owner who comes back.
    const headers = { cookie: owner.cookie, accept: 'text/html' }
    for (const path of ['/api/health', `/tickets/${owner.id}`])
      expect((await fetch(stack.appUrl + path, { headers })).status, path).toBe(200)
    expect(stack.output()).toContain('The use of a session cannot be noted')
    await setSystem('RESET default_transaction_read_only')
    await waitFor(async () => (await post()).status === 201)

    await setSystem(`SET statement_timeout = '300ms'`)
    await using _ = await closeGate(patient, 'LOCK TABLE "User"')
    await waitFor(async () => (await post()).status === 503)
  } finally {
    await setSystem('RESET ALL')
  }
  await waitFor(async () => (await post()).status === 201)
  await untilSettled(stack)
  expect(await findFaults(stack, answered)).toEqual([])
  expect(await worker.kill('SIGTERM')).toBe(0)
})

test('migrations run by two processes at once, and once more: each ends well', { tag: '@long' }, async ({
  stack,
}) => {
  const name = `empty_${Date.now()}`
  await stack.query(`CREATE DATABASE ${name}`)
  const url = new URL(stack.databaseUrl)
  url.pathname = name
  const migrate = () => stack.run(['--import', 'tsx', 'prisma/migrate.ts'], { DATABASE_URL: url.href })
  try {
    const results = await Promise.all([migrate(), migrate()])
    results.push(await migrate())
    for (const { code, output } of results) expect(code, output).toBe(0)
    expect(results.filter(({ output }) => output.includes('No migration to apply.'))).toHaveLength(2)
    const tables = await query(url.href, `SELECT to_regclass('"EmailEvent"') IS NOT NULL AS events`)
    expect(tables).toEqual([{ events: true }])
    const queues = await query<{ name: string }>(url.href, 'SELECT name FROM pgboss.queue ORDER BY name')
    // The first is that of pg-boss's cron: workers that run already do not create it.
    expect(queues.map(({ name }) => name)).toEqual(['__pgboss__send-it', ...Object.keys(QUEUES).sort()])
  } finally {
    await stack.query(`DROP DATABASE ${name} WITH (FORCE)`)
  }
})

test('a migration that Postgres refuses: its own words, nothing half applied, and the next try goes on', {
  tag: '@long',
}, async ({ stack }) => {
  const name = `refused_${Date.now()}`
  await stack.query(`CREATE DATABASE ${name}`)
  const url = new URL(stack.databaseUrl)
  url.pathname = name
  const migrate = () => stack.run(['--import', 'tsx', 'prisma/migrate.ts'], { DATABASE_URL: url.href })
  try {
    await migrate()
    const [first] = await query<{ name: string }>(
      url.href,
      'DELETE FROM _prisma_migrations RETURNING migration_name AS name',
    )
    const refused = await migrate()
    expect(refused.code).toBe(1)
    const words = `Not applied: ${first?.name}, type "Erasure" already exists\n`
    expect(refused.output).toBe(words)
    // The next run is not refused because of this one: it fails with the same words.
    expect((await migrate()).output).toBe(words)
    await query(
      url.href,
      `ALTER TABLE _prisma_migrations SET SCHEMA pgboss; DROP SCHEMA public CASCADE; CREATE SCHEMA public;
       ALTER TABLE pgboss._prisma_migrations SET SCHEMA public`,
    )
    // What a new pg-boss has left for later, because it locks no table.
    await query(
      url.href,
      `INSERT INTO pgboss.bam (name, version, status, table_name, command) VALUES ('late', 1, 'pending', 'job', 'SELECT 1')`,
    )
    const repaired = await migrate()
    expect(repaired.code, repaired.output).toBe(0)
    expect(repaired.output).toContain(`Applied ${first?.name}.`)
    expect(await query(url.href, 'SELECT status FROM pgboss.bam')).toEqual([{ status: 'completed' }])
  } finally {
    await stack.query(`DROP DATABASE ${name} WITH (FORCE)`)
  }
})
