import { readFileSync } from 'node:fs'
import { expect } from '@playwright/test'
import { Client } from 'pg'
import { newAddress, postSignup } from '../app'
import { type Env, programOf, type Stack, startProcess, waitFor } from '../stack'
import { test } from '../test'

/* The two roles of docs/operations.md, made by its own SQL, in the stack's Postgres. */

const PASSWORDS = { owner: 'a password', app: 'another password', creator: 'a third' }

test.beforeEach(async ({ stack }) => {
  // As a managed database gives it to its customers: no superuser.
  await stack.query(`CREATE ROLE creator LOGIN CREATEROLE CREATEDB PASSWORD '${PASSWORDS.creator}'`)
  const sql = /^```sql\n(CREATE ROLE.*?)^```/ms.exec(readFileSync('docs/operations.md', 'utf8'))?.[1] ?? ''
  const [before = '', after = ''] = sql.split(/^\\connect app$/m)
  // psql sends one statement at a time.
  for (const [part, database] of [
    [before, 'postgres'],
    [after, 'app'],
  ] as const)
    for (const statement of part.split(/;$/m).filter((text) => text.trim()))
      await query(urlOf(stack, 'creator', { database }), statement)
})

test.afterEach(async ({ stack }) => {
  await stack.query('DROP DATABASE IF EXISTS app WITH (FORCE)')
  await stack.query('DROP ROLE IF EXISTS app')
  await stack.query('DROP ROLE IF EXISTS owner')
  await stack.query('DROP ROLE creator')
})

test('the SQL of the docs makes both roles, run by one who may create roles and is no superuser', {
  tag: '@long',
}, async ({ stack }) => {
  const { code, output } = await migrate(stack, urlOf(stack, 'owner'))
  expect(code, output).toBe(0)
  const app = urlOf(stack, 'app')
  const web = await stack.startWeb({ env: { DATABASE_URL: app } })
  const worker = await stack.startWorker({ DATABASE_URL: app })
  expect((await postSignup({ name: 'Ada', email: newAddress() }, {}, web.url)).status).toBe(201)
  await waitFor(async () => (await query(app, `SELECT FROM "Email" WHERE status <> 'queued'`)).length === 1)
  await expect(query(app, 'CREATE TABLE "Mine" ()')).rejects.toThrow('permission denied')
  await expect(query(app, 'DROP TABLE "User"')).rejects.toThrow('must be owner')
  await expect(query(urlOf(stack, 'creator'), 'SELECT FROM "User"')).rejects.toThrow('permission denied')
  for (const process of [web, worker]) await process.kill('SIGTERM')
})

const WRONG = { password: 'wrong' }
const REASON = 'password authentication failed for user "app"'

test('with a wrong password, web and worker go on, and each line of their logs has Postgres’s own words', {
  tag: '@long',
}, async ({ stack }) => {
  // The line of a worker that cannot start comes every 15 s.
  const env: Env = { DATABASE_URL: urlOf(stack, 'app', WRONG), LOG_FORMAT: 'json' }
  const [web, worker] = await Promise.all([
    stack.startWeb({ env }),
    startProcess(programOf('worker/index.ts'), /pg-boss warns/, { ...stack.env, ...env }),
  ])
  const id = crypto.randomUUID()
  for (const path of ['health', `emails/${id}`, 'nothing']) await fetch(`${web.url}/api/${path}`)
  for (let index = 0; index < 3; index++)
    expect((await postSignup({ name: 'Ada', email: newAddress() }, {}, web.url)).status).toBe(503)
  expect((await fetch(`${web.url}/api/health`)).status).toBe(503)
  expect((await fetch(`${web.url}/tickets/${id}`)).status).toBe(503)
  await waitFor(() => worker.output().includes('Cannot reach the queue yet'))

  for (const { output, isRunning } of [web, worker]) {
    expect(isRunning()).toBe(true)
    const lines = output()
      .split('\n')
      .filter((line) => line.startsWith('{"level":"error"') || line.startsWith('{"level":"warn"'))
    expect(lines.length).toBeGreaterThan(1)
    for (const line of lines) expect(line).toContain(JSON.stringify(REASON).slice(1, -1))
  }
  await worker.kill('SIGKILL')
})

for (const [name, program] of [
  ['npm run migrate', programOf('prisma/migrate.ts')],
  ['npm run redrive', programOf('worker/redrive.ts')],
  ['npm run erase', [...programOf('worker/erase.ts'), 'ada@example.com']],
] as [string, string[]][]) {
  test(`${name} with a wrong password says so in Postgres’s own words, without a stack`, async ({
    stack,
  }) => {
    const env = { DATABASE_URL: urlOf(stack, 'app', WRONG) }
    const { code, output } = await stack.run(program, env)
    expect({ code, output }).toEqual({ code: 1, output: `The database does not answer: ${REASON}\n` })
  })
}

/** Runs a statement on a connection of its own: a pool would keep connections of roles that have gone. */
async function query(url: string, statement: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query(statement)).rows
  } finally {
    await client.end()
  }
}

function migrate(stack: Stack, DATABASE_URL: string): Promise<{ code: number | null; output: string }> {
  return stack.run(['--import', 'tsx', 'prisma/migrate.ts'], { DATABASE_URL })
}

/** Where a role connects to the database of the docs, or to another one. */
function urlOf(
  { databaseUrl }: Stack,
  role: keyof typeof PASSWORDS,
  { password = PASSWORDS[role], database = 'app' } = {},
): string {
  const url = new URL(databaseUrl)
  Object.assign(url, { username: role, password, pathname: `/${database}` })
  return url.href
}
