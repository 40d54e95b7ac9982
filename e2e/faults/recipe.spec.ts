import { randomUUID } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect } from '@playwright/test'
import { PgBoss } from 'pg-boss'
import { newAddress, readEvents } from '../app'
import { copyProject, edit, readRecipe } from '../recipe'
import { type Env, type Process, runToEnd, type Stack, waitFor } from '../stack'
import { test } from '../test'
import { hurryHeartbeats, untilHurried, updateJobs } from './steps'

/*
 * The job that the README says to write. Its picture is a user, and the user's name decides the outcome of the job.
 */
const BODY = `
  const { name } = await prisma().user.findUniqueOrThrow({ where: { id: data.pictureId } })
  if (name === 'hopeless') throw new GiveUp('no_such_picture')
  if (name === 'deadly') process.kill(process.pid, 'SIGKILL')
  if (name.endsWith('once')) await prisma().user.update({ where: { id: data.pictureId }, data: { name: 'small' } })
  if (name === 'null once') throw null
  if (name === 'foreign once') throw Object.assign(new TypeError('No such picture'), { code: 404 })
  if (name.startsWith('broken')) measure({})
`
const IMPORTS = `import { prisma } from '@/lib/db/prisma'
import { GiveUp } from '@/lib/queue'

function measure(picture: { size?: { width: number } }): number {
  return (picture.size as { width: number }).width
}
`

type Shop = {
  folder: string
  /** The name of the queue. */
  name: string
  startWorker(): Promise<Process>
  /** Runs one of the project's own programs. */
  run(program: string, ...args: string[]): Promise<{ code: number | null; output: string }>
}

/** A copy of this project with the next job in it, on the stack's database. @param option one more of its queue */
async function openShop(stack: Stack, option = ''): Promise<Shop> {
  const { line, name, file, registry } = await readRecipe()
  const folder = await copyProject(`test-results/recipe-${test.info().parallelIndex}`)
  await edit(folder, 'lib/queue.ts', (text) =>
    text.replace(
      'export const QUEUES = {\n',
      (start) => start + line.replace('retryLimit: 5', `retryLimit: 5${option}`),
    ),
  )
  const [imported = '', registered = ''] = registry.split('\n')
  await edit(folder, 'worker/jobs/index.ts', (text) =>
    `${imported}\n${text}`.replace(': Handlers = {\n', (start) => `${start}${registered}\n`),
  )
  await writeFile(path.join(folder, `worker/jobs/${name}.ts`), IMPORTS + file.replace('…', BODY))
  const shop: Shop = {
    folder,
    name,
    startWorker: () => stack.startWorkerOf(folder),
    run: (program, ...args) =>
      runToEnd(['--import', 'tsx', program, ...args], stack.env as Env, { cwd: folder }),
  }
  expect(await shop.run('prisma/migrate.ts')).toMatchObject({ code: 0 })
  return shop
}

/** Queues the job for a picture with this fate. */
async function order(stack: Stack, shop: Shop, fate: string): Promise<string> {
  const pictureId = randomUUID()
  await stack.query(`INSERT INTO "User" (id, name, email) VALUES ($1, $2, $3)`, [
    pictureId,
    fate,
    newAddress(),
  ])
  const boss = new PgBoss({ connectionString: stack.databaseUrl, supervise: false, schedule: false })
  await boss.start()
  await boss.send(shop.name, { pictureId })
  await boss.stop()
  return pictureId
}

async function readHealth(stack: Stack): Promise<Record<string, unknown>> {
  return await (await fetch(`${stack.appUrl}/api/health`)).json()
}

async function readBackstage(stack: Stack): Promise<Record<string, unknown>> {
  for await (const { event, data } of readEvents(`${stack.appUrl}/api/backstage/events`))
    if (event === 'backstage') return data as Record<string, unknown>
  throw new Error('no event')
}

const countMatches = (text: string, pattern: RegExp): number => [...text.matchAll(pattern)].length

/** Lines of the log that have a stack. */
const STACKS = /"stack":"TypeError/g

const untilGivenUp = (stack: Stack, worker: Process, shop: Shop) =>
  untilHurried(stack, async () => worker.output().includes(`given up: npm run redrive -- ${shop.name}`))

/** Deletes the shop's jobs and queues, so that other tests do not see them. */
async function closeShop(stack: Stack, ...names: string[]): Promise<void> {
  await stack.query('DELETE FROM pgboss.job')
  for (const name of names) expect(await stack.command('queues', 'delete', name)).toMatchObject({ code: 0 })
}

test('a job of one’s own that fails once: its stack in the log, our own lines first, and then it is done', {
  tag: '@long',
}, async ({ stack }) => {
  const shop = await openShop(stack)
  await order(stack, shop, 'broken once')
  const worker = await shop.startWorker()
  await untilHurried(stack, async () => worker.output().includes('→ done'))
  const line =
    worker
      .output()
      .split('\n')
      .find((line) => line.includes('"stack"')) ?? '{}'
  const { err, queue, jobId, msg } = JSON.parse(line)
  expect(err.stack).toMatch(
    /^TypeError: .*width.*\n {4}at measure \(.*worker\/jobs\/make-thumbnail\.ts:5:\d+\)\n {4}at .*make-thumbnail\.ts:\d+/,
  )
  expect(queue).toBe(shop.name)
  expect(msg).toContain('attempt 1')
  expect(jobId).toBeDefined()
  expect(countMatches(worker.output(), STACKS)).toBe(1)

  // Other libraries have codes that look like Postgres's: 404 is no SQLSTATE of class 40.
  for (const fate of ['null once', 'foreign once']) await order(stack, shop, fate)
  await untilHurried(stack, async () => countMatches(worker.output(), /→ done/g) === 3)
  expect(countMatches(worker.output(), /→ failed, attempt 1/g)).toBe(3)
  expect(countMatches(worker.output(), STACKS)).toBe(2)
  expect(await readHealth(stack)).toMatchObject({ failed: 0, failedJobs: {} })
  expect(await shop.run('worker/doctor.ts')).toMatchObject({
    code: 0,
    output: expect.stringContaining('No problems.'),
  })
  await closeShop(stack, shop.name)
})

test('a queue with a table of its own: its job is retried there, and the table is deleted with the queue', {
  tag: '@long',
}, async ({ stack }) => {
  const shop = await openShop(stack, ', partition: true')
  expect(await shop.run('prisma/migrate.ts')).toMatchObject({ code: 0 })
  const listTables = () =>
    stack.query<{ name: string }>(
      `SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'pgboss.job'::regclass`,
    )
  expect(await listTables()).toHaveLength(2)
  await order(stack, shop, 'broken once')
  const worker = await shop.startWorker()
  await untilHurried(stack, async () => worker.output().includes('→ done'))
  expect(
    await stack.query(
      `SELECT retry_count AS retries FROM pgboss.job WHERE name = $1 AND tableoid <> 'pgboss.job_common'::regclass`,
      [shop.name],
    ),
  ).toEqual([{ retries: 1 }])
  await closeShop(stack, shop.name)
  expect(await listTables()).toEqual([{ name: 'pgboss.job_common' }])
})

test('a job of one’s own that fails for ever: given up after hours, seen everywhere, and redriven', {
  tag: '@long',
}, async ({ stack }) => {
  const shop = await openShop(stack)
  const pictureId = await order(stack, shop, 'broken')
  const worker = await shop.startWorker()
  await untilGivenUp(stack, worker, shop)
  // The recipe's line says retryLimit: 5.
  expect(countMatches(worker.output(), STACKS)).toBe(6)
  expect(countMatches(worker.output(), /given up/g)).toBe(1)
  await waitFor(async () => (await readHealth(stack)).failed === 1)
  expect(await readHealth(stack)).toMatchObject({ failedJobs: { [shop.name]: 1 } })
  expect(await readBackstage(stack)).toMatchObject({ failedJobs: { [shop.name]: 1 } })
  expect(await shop.run('worker/doctor.ts')).toMatchObject({
    code: 1,
    output: expect.stringContaining(`1 job of ${shop.name}.`),
  })
  const [job] = await stack.query<{ days: number }>(
    `SELECT deletion_seconds / 86400 AS days FROM pgboss.job WHERE name = $1 AND state = 'failed'`,
    [shop.name],
  )
  expect(job?.days).toBeGreaterThanOrEqual(14)

  await stack.query(`UPDATE "User" SET name = 'small' WHERE id = $1`, [pictureId])
  expect(await shop.run('worker/redrive.ts', shop.name)).toMatchObject({
    code: 0,
    output: `${shop.name}: 1 job queued\n1 of 1 put back into the queue.\n`,
  })
  await waitFor(() => worker.output().includes('→ done'))
  await waitFor(async () => (await readHealth(stack)).failed === 0)
  await closeShop(stack, shop.name)
})

test('a job of one’s own that gives up: no second attempt, one line with its reason', {
  tag: '@long',
}, async ({ stack }) => {
  const shop = await openShop(stack)
  await order(stack, shop, 'hopeless')
  const worker = await shop.startWorker()
  await untilGivenUp(stack, worker, shop)
  const line =
    worker
      .output()
      .split('\n')
      .find((line) => line.includes('given up')) ?? '{}'
  expect(JSON.parse(line)).toMatchObject({
    level: 'error',
    queue: shop.name,
    reason: 'no_such_picture',
    attempts: 1,
  })
  expect(countMatches(worker.output(), STACKS)).toBe(0)
  await waitFor(async () => (await readHealth(stack)).failed === 1)
  // Redrives everything that was given up, which includes this queue.
  expect((await shop.run('worker/redrive.ts')).output).toContain('1 of 1 put back into the queue.')
  await closeShop(stack, shop.name)
})

test('a job of one’s own that kills its worker each time: given up, and said by a worker that lives', {
  tag: '@long',
}, async ({ stack }) => {
  test.setTimeout(240_000)
  const shop = await openShop(stack)
  await order(stack, shop, 'deadly')
  for (let death = 1; death <= 6; death++) {
    const worker = await shop.startWorker().catch(() => undefined)
    await waitFor(async () => {
      await hurryHeartbeats(stack)
      await updateJobs(stack, 'start_after = now()', `state = 'retry'`)
      return !worker?.isRunning()
    })
  }
  // It does not know the queue.
  const survivor = await stack.startWorker({ LOG_FORMAT: 'json' })
  await waitFor(async () => {
    await hurryHeartbeats(stack)
    return survivor.output().includes(`given up: npm run queues -- move ${shop.name}`)
  })
  const line =
    survivor
      .output()
      .split('\n')
      .find((line) => line.includes('given up')) ?? '{}'
  expect(JSON.parse(line)).toMatchObject({ queue: shop.name, reason: 'worker_died', attempts: 6 })
  await waitFor(async () => (await readHealth(stack)).failed === 1)
  await closeShop(stack, shop.name)
})

test('a queue is renamed and a schedule taken away: it fires no more, and what waits or was given up is said and moved', {
  tag: '@long',
}, async ({ stack }) => {
  const shop = await openShop(stack)
  const listSchedules = async (): Promise<string[]> =>
    (await stack.query<{ name: string }>('SELECT name FROM pgboss.schedule')).map(({ name }) => name)
  const schedule = `  '${shop.name}': { cron: '0 0 1 1 *', tz: 'Europe/Berlin' },\n`
  await edit(shop.folder, 'lib/queue.ts', (text) =>
    text.replace(/export const SCHEDULES.*\n/, (start) => start + schedule),
  )
  await shop.run('prisma/migrate.ts')
  expect(await listSchedules()).toContain(shop.name)
  const givenUp = await order(stack, shop, 'hopeless')
  const older = await shop.startWorker()
  await untilGivenUp(stack, older, shop)
  await older.kill('SIGTERM')
  await stack.query(`UPDATE "User" SET name = 'small' WHERE id = $1`, [givenUp])
  await order(stack, shop, 'small')
  await order(stack, shop, 'small')

  for (const file of ['lib/queue.ts', 'worker/jobs/index.ts']) {
    await edit(shop.folder, file, (text) =>
      text.replace(schedule, '').replaceAll(`'${shop.name}':`, `'shrink-picture':`),
    )
  }
  const sentence = `2 jobs wait in the queue "${shop.name}"`
  const migrate = await shop.run('prisma/migrate.ts')
  expect(migrate.output).toContain(sentence)
  expect(migrate.output).toContain(`npm run queues -- move ${shop.name} NEW-QUEUE`)
  expect(await listSchedules()).not.toContain(shop.name)
  await edit(shop.folder, `worker/jobs/${shop.name}.ts`, (text) =>
    text.replaceAll(shop.name, 'shrink-picture'),
  )
  const worker = await shop.startWorker()
  await waitFor(() => worker.output().includes(sentence.replaceAll('"', '\\"')))
  expect(await readHealth(stack)).toMatchObject({ unserved: { [shop.name]: 2 } })
  const doctor = await shop.run('worker/doctor.ts')
  expect(doctor).toMatchObject({ code: 1, output: expect.stringContaining(sentence) })
  expect(doctor.output).toMatch(
    new RegExp(`! 1 job of ${shop.name}\\.\n.*: npm run queues -- move ${shop.name} NEW-QUEUE\n`),
  )
  const redrive = await shop.run('worker/redrive.ts', shop.name)
  expect(redrive).toMatchObject({
    code: 2,
    output: expect.stringContaining(`npm run queues -- move ${shop.name} NEW-QUEUE`),
  })

  const refused = await shop.run('worker/queues.ts', 'move', shop.name, 'no-such-queue')
  expect(refused).toMatchObject({ code: 2, output: expect.stringContaining('not in lib/queue.ts') })
  expect(await shop.run('worker/queues.ts', 'delete', 'shrink-picture')).toMatchObject({ code: 2 })
  const moved = await shop.run('worker/queues.ts', 'move', shop.name, 'shrink-picture')
  expect(moved).toMatchObject({ code: 0, output: expect.stringContaining('3 of 3 moved') })
  await waitFor(() => countMatches(worker.output(), /shrink-picture \w+ → done/g) === 3)
  await expect.poll(() => readHealth(stack)).toMatchObject({ unserved: {}, failed: 0 })
  await closeShop(stack, shop.name, 'shrink-picture')
  expect(await stack.query('SELECT FROM pgboss.queue WHERE name = $1', [shop.name])).toEqual([])
})
