/*
 * npm run bench
 *
 * How fast is it? Every figure of one run comes from the same production build, database and machine. The mail
 * service answers at once, so that what is left is ours.
 */
import { chromium } from '@playwright/test'
import { Client } from 'pg'
import type { Snapshot } from '../lib/email/status'
import { isDelivered, newAddress, signUp, waitForSnapshot } from './app'
import { findBrowser } from './browser'
import { startStack } from './stack'

const ROUNDS = 100
const CROWD = 200

const stack = await startStack('bench')
await stack.setProvider({ latencyMs: 0 })
await stack.startWorker()
const database = new Client({ connectionString: stack.databaseUrl })
await database.connect()

await repeat(20, deliverOne)
const rows = {
  'signup: POST /api/users': await repeat(ROUNDS, timeSignup),
  'the same rows without a job, in SQL': await repeat(ROUNDS, timed(insertWithoutJob)),
  'a request that does nothing: GET /api': await repeat(
    ROUNDS,
    timed(() => fetch(`${stack.appUrl}/api`)),
  ),
  'queued → a worker has the job': await repeat(ROUNDS, waitForWorker),
  'queued → "sending" is recorded': await repeat(ROUNDS, async () =>
    between(await deliverOne(), 'queued', 'sending'),
  ),
  'queued → accepted by the mail service': await repeat(ROUNDS, async () =>
    between(await deliverOne(), 'queued', 'sent'),
  ),
  'recorded → visible in the browser': await watchInBrowser(),
}
console.log(`\n${'ms'.padEnd(40)}${'median'.padStart(10)}${'p95'.padStart(10)}`)
for (const [name, times] of Object.entries(rows)) {
  console.log(name.padEnd(40) + [0.5, 0.95].map((p) => percentile(times, p).toFixed(1).padStart(10)).join(''))
}
const [route = [], insert = [], nothing = []] = Object.values(rows)
const ratio = (a: number[], b: number[]): string => (percentile(a, 0.5) / percentile(b, 0.5)).toFixed(1)
console.log(
  `\nA signup takes ${ratio(route, nothing)} times an empty request, and ${ratio(route, insert)} times the bare insert.`,
)
console.log(await deliverCrowd())

await database.end()
await stack.stop()
process.exit()

async function deliverOne(): Promise<Snapshot> {
  const { id } = await signUp(newAddress(), stack.appUrl)
  return await waitForSnapshot(id, isDelivered, stack.appUrl)
}

/** One signup at a time: the next one begins when the mail of the last has arrived. */
async function timeSignup(): Promise<number> {
  const started = performance.now()
  const { id } = await signUp(newAddress(), stack.appUrl)
  const ms = performance.now() - started
  await waitForSnapshot(id, isDelivered, stack.appUrl)
  return ms
}

async function waitForWorker(): Promise<number> {
  const { id } = await deliverOne()
  const { rows } = await database.query(
    `SELECT extract(epoch FROM started_on - at) * 1000 AS ms FROM pgboss.job, "EmailEvent"
     WHERE data->>'emailId' = $1 AND "emailId" = $1::uuid AND status = 'queued'`,
    [id],
  )
  return Number(rows[0].ms)
}

async function insertWithoutJob(): Promise<void> {
  await database.query('BEGIN')
  const { rows: users } = await database.query(
    'INSERT INTO "User" (name, email) VALUES ($1, $2) RETURNING id',
    ['Ada', newAddress()],
  )
  const { rows: emails } = await database.query(
    `INSERT INTO "Email" ("userId", kind) VALUES ($1, 'welcome') RETURNING id`,
    [users[0].id],
  )
  await database.query(`INSERT INTO "EmailEvent" ("emailId", status) VALUES ($1, 'queued')`, [emails[0].id])
  await database.query('COMMIT')
}

/** From the database's clock to the browser's, on the same computer: when does each line appear on the ticket? */
async function watchInBrowser(): Promise<number[]> {
  const browser = await chromium.launch({ executablePath: findBrowser() })
  const page = await browser.newPage()
  const times: number[] = []
  for (let round = 0; round < 20; round++) {
    await page.goto(stack.appUrl)
    await page.evaluate(() => {
      const seen: Record<string, number> = {}
      Object.assign(window, { seen })
      new MutationObserver(() => {
        for (const line of document.querySelectorAll('li time'))
          seen[line.getAttribute('datetime') ?? ''] ??= Date.now()
      }).observe(document.body, { childList: true, subtree: true })
    })
    await page.getByLabel('Name').fill('Ada')
    await page.getByLabel('Email').fill(newAddress())
    await page.getByRole('button').click()
    await page.getByRole('link', { name: 'Read the email' }).waitFor()
    const seen = await page.evaluate(() => (window as unknown as { seen: Record<string, number> }).seen)
    // The first line comes with the answer to the signup: the others are pushed.
    for (const [at, shown] of Object.entries(seen).slice(1)) times.push(shown - Date.parse(at))
  }
  await browser.close()
  return times
}

/** Many people at the same moment. */
async function deliverCrowd(): Promise<string> {
  const started = Date.now()
  const emails = await Promise.all(Array.from({ length: CROWD }, () => signUp(newAddress(), stack.appUrl)))
  const answered = Date.now()
  await Promise.all(emails.map(({ id }) => waitForSnapshot(id, isDelivered, stack.appUrl)))
  const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`
  return `${CROWD} signups at once: all answered after ${seconds(answered - started)}, all delivered ${seconds(Date.now() - answered)} later.`
}

async function repeat<Result>(times: number, run: () => Promise<Result>): Promise<Result[]> {
  const results: Result[] = []
  for (let i = 0; i < times; i++) results.push(await run())
  return results
}

function timed(run: () => Promise<unknown>): () => Promise<number> {
  return async () => {
    const started = performance.now()
    await run()
    return performance.now() - started
  }
}

function between({ timeline }: Snapshot, from: string, to: string): number {
  const at = (status: string): number =>
    Date.parse(timeline.find((entry) => entry.status === status)?.at ?? '')
  return at(to) - at(from)
}

function percentile(values: number[], p: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.ceil(sorted.length * p) - 1] ?? Number.NaN
}
