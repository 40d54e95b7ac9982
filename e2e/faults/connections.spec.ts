import { readdirSync, readFileSync } from 'node:fs'
import { expect } from '@playwright/test'
import { connectionConfig } from '../../lib/db/connection'
import { newAddress, postSignup, readStream, signUp } from '../app'
import { act, signUpOwner, untilOrders } from '../owner'
import { findPort, programOf, runToEnd, type Stack } from '../stack'
import { test } from '../test'
import { countStatements, type Gate } from './statements'
import { isFinal, until } from './steps'

/** Returns the settings that a connection has requested by `options`. The last value of a setting counts. */
function readOptions({ options = '' }: Record<string, string>): Record<string, string> {
  return Object.fromEntries([...options.matchAll(/-c (\w+)=(\S*)/g)].map(([, name, value]) => [name, value]))
}

/**
 * Checks that each connection keeps the rule.
 * @param mayBePatient whether it may ask for no timeouts at all, as a migration does
 * @returns how many there were, or how many patient ones
 */
function expectRule(gate: Gate, mayBePatient: boolean): number {
  const startups = gate.startups()
  let patient = 0
  for (const startup of startups) {
    const told = JSON.stringify(startup)
    const { timezone, statement_timeout, lock_timeout, idle_in_transaction_session_timeout, work_mem } =
      readOptions(startup)
    expect(timezone, told).toBe('UTC')
    expect(work_mem, 'what DATABASE_URL asks for stays').toBe('5MB')
    for (const ms of [statement_timeout, lock_timeout, idle_in_transaction_session_timeout].map(Number)) {
      if (!mayBePatient) expect(ms, told).toBeGreaterThan(0)
      expect(ms, told).toBeLessThanOrEqual(29_000)
    }
    if (Number(statement_timeout) === 0) patient++
  }
  return mayBePatient ? patient : startups.length
}

/** Opens a gate to Postgres whose address has an option of its own. */
async function openGate(stack: Stack): Promise<Gate> {
  const gate = await countStatements(stack.databaseUrl)
  return { ...gate, databaseUrl: `${gate.databaseUrl}?options=-c%20work_mem%3D5MB` }
}

test('each connection of web and worker asks for UTC and for the server’s own timeouts, and what DATABASE_URL asks for stays', {
  tag: '@long',
}, async ({ stack }) => {
  const [web, worker] = await Promise.all([openGate(stack), openGate(stack)])
  const port = await findPort()
  const production = { RESEND_API_KEY: 're_production', APP_URL: `http://localhost:${port}` }
  const server = await stack.startWeb({ port, env: { ...production, DATABASE_URL: web.databaseUrl } })
  await stack.startWorker({ ...production, DATABASE_URL: worker.databaseUrl })
  const owner = await signUpOwner(server.url)
  for await (const _ of readStream(`${server.url}/api/emails/${owner.id}/events`)) break
  expect((await act(owner, 'POST', 'export')).status).toBe(202) // orders
  await untilOrders(owner, (orders) => orders.export?.status === 'ready') // orders
  await until(stack, owner.id, ({ status }) => status !== 'queued')
  expect((await fetch(`${server.url}/api/health`)).status).toBe(200)

  // Queries, queue, limits, live status, LISTEN; in a worker queries, queue, limits, LISTEN.
  expect(expectRule(web, false)).toBeGreaterThanOrEqual(5)
  expect(expectRule(worker, false)).toBeGreaterThanOrEqual(4)
  // And they have it: Postgres would refuse what it does not know.
  await stack.killPostgres('SIGINT')
  await stack.untilPostgresIsBack()
  await postSignup({ name: 'Ada', email: newAddress() }, {}, server.url)
  expectRule(web, false)
  for (const gate of [web, worker]) gate.close()
})

test('redriving and erasing by hand do, too; migrations may take as long as they need', {
  tag: '@long',
}, async ({ stack }) => {
  const { id } = await signUp(newAddress(), stack.appUrl)
  await stack.query(`UPDATE "Email" SET status = 'failed'; DELETE FROM pgboss.job`)
  const { email } = await signUpOwner(stack.appUrl)
  const run = async ([program = '', ...args]: string[], isPatient: boolean): Promise<void> => {
    const gate = await openGate(stack)
    const env = { ...stack.env, DATABASE_URL: gate.databaseUrl }
    const { code, output } = await runToEnd([...programOf(program), ...args], env)
    expect(code, output).toBe(0)
    expect(expectRule(gate, isPatient), program).toBeGreaterThan(0)
    gate.close()
  }
  await run(['worker/redrive.ts', id], false)
  await run(['worker/erase.ts', email], false)
  await run(['prisma/migrate.ts'], true)
  await stack.startWorker()
  await until(stack, id, isFinal)
})

test('the server’s timeouts end before the client’s, however patient it is', () => {
  for (const statementTimeoutMs of [2_000, 5_000, 10_000, 15_000, 30_000]) {
    const { connectionString, query_timeout } = connectionConfig(
      statementTimeoutMs,
      'postgresql://app@db/app',
    )
    const options = readOptions({ options: new URL(connectionString).searchParams.get('options') ?? '' })
    for (const ms of [options.statement_timeout, options.lock_timeout].map(Number)) {
      expect(ms).toBeGreaterThan(0)
      expect(ms).toBeLessThan(query_timeout)
    }
  }
})

test('clients and pools of Postgres are made in lib/db alone', () => {
  const files = ['app', 'lib', 'worker', 'prisma']
    .flatMap((folder) =>
      readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => `${folder}/${name}`),
    )
    .map((file) => file.replaceAll('\\', '/'))
    .filter((file) => /\.tsx?$/.test(file) && !file.startsWith('lib/generated/'))
  const find = (pattern: RegExp): string[] =>
    files.filter((file) => pattern.test(readFileSync(file, 'utf8'))).sort()
  const makers = find(/^import (?!type\b).*from 'pg'|(?:import|require)\('pg'\)/m)
  expect(makers.filter((file) => !file.startsWith('lib/db/'))).toEqual([])
  // These open connections for us, with the configuration of lib/db.
  expect(find(/new PgBoss\(/)).toEqual(['lib/queue.ts'])
  expect(find(/PrismaPg\b/)).toEqual(['lib/db/prisma.ts', 'lib/live/read-pool.ts', 'prisma/engine.ts'])
  for (const file of ['lib/queue.ts', 'prisma/engine.ts'])
    expect(readFileSync(file, 'utf8')).toContain('...connectionConfig(')
})
