import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { appendFile, cp, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from '@playwright/test'
import { SMTPServer } from 'smtp-server'
import { applyDiffs, readBlocks, readSection } from '../../sandbox/take/blocks'
import { app, newAddress, sql } from '../app'
import { type Env, type Process, query, runToEnd, startProcess, waitFor } from '../stack'
import { test } from '../test'

const TSX = ['--import', 'tsx']
const DATABASE = 'your_app'
const DOCUMENT = readFileSync('docs/your-app.md', 'utf8')
/** The versions that the document names. */
const LIBRARIES = [
  ...DOCUMENT.matchAll(/`((?:@auth\/)?(?:better-auth|next-auth|prisma-adapter))` (\d[\w.-]*\w)/g),
].map(([, name, version]) => `${name}@${version}`)

/** The app of a stranger, to which is done what docs/your-app.md says. */
const folder = path.resolve('test-results/your-app')
const url = (): string => Object.assign(new URL(app.env().DATABASE_URL ?? ''), { pathname: DATABASE }).href
const run = (args: string[], env: Env = {}) =>
  runToEnd(args, { ...(app.env() as Env), DATABASE_URL: url(), ...env }, { cwd: folder })

let worker: Process | undefined
test.afterEach(async () => void (await worker?.kill('SIGTERM')))

test.describe.configure({ mode: 'serial', timeout: 180_000 })

test('each block of docs/your-app.md is applied to an app that exists, and compiles there with the real libraries', {
  tag: '@long',
}, async () => {
  await sql(`DROP DATABASE IF EXISTS ${DATABASE} WITH (FORCE)`)
  await sql(`CREATE DATABASE ${DATABASE}`)
  await rm(folder, { recursive: true, force: true })
  await makeApp()
  const take = await runToEnd([...TSX, 'sandbox/take/take.ts', folder, '--into'], {})
  expect(take.code, take.output).toBe(0)
  const { next } = JSON.parse(await readFile('package.json', 'utf8')).dependencies
  expect(take.output).toContain(
    `These were there, and stay as they are:\n\n  instrumentation.ts\n  the script migrate\n  next 1.0.0 (here it works with ${next})\n`,
  )
  expect(await readFile(path.join(folder, 'instrumentation.ts'), 'utf8')).toBe(INSTRUMENTATION)
  const { scripts, dependencies } = JSON.parse(await readFile(path.join(folder, 'package.json'), 'utf8'))
  expect(scripts).toMatchObject({
    dev: 'next dev',
    migrate: 'prisma migrate deploy',
    worker: 'node --import tsx worker/index.ts',
  })
  expect(dependencies).toMatchObject({ next: '1.0.0', 'pg-boss': expect.any(String) })
  expect(dependencies).not.toHaveProperty('geist')

  await applyOurBlocks()
  await addTables()
  const isComplete = await installLibraries()
  await run(['node_modules/next/dist/bin/next', 'typegen'])
  const compiler = await run(['node_modules/typescript/bin/tsc', '--noEmit', '--pretty', 'false'])
  expect(compiler.output).toBe('')
  test.skip(!isComplete, 'The blocks about libraries need the registry of npm.')
})

test('a mail to a row of another table goes out by SMTP: a 4xx is retried, a 5xx is final, a refused sender pauses all', {
  tag: '@long',
}, async () => {
  const migrate = await run([...TSX, 'prisma/migrate.ts'])
  expect(migrate.output).toMatch(/^Applied 20260101000000_before, \d+_emails\.$/m)

  const mails: string[] = []
  let isSenderKnown = true
  let isGreylisted = true
  const refuse = (responseCode: number) => Object.assign(new Error('No'), { responseCode })
  const smtp = new SMTPServer({
    allowInsecureAuth: true,
    disabledCommands: ['STARTTLS'],
    onAuth: ({ username }, _session, done) => done(null, { user: username }),
    onMailFrom: (_address, _session, done) => (isSenderKnown ? done() : done(refuse(553))),
    onRcptTo({ address }, _session, done) {
      if (address.startsWith('nobody')) return done(refuse(550))
      if (!address.startsWith('later') || !isGreylisted) return done()
      isGreylisted = false
      done(refuse(451))
    },
    async onData(stream, _session, done) {
      mails.push(await text(stream))
      done()
    },
  })
  const server = smtp.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const env = {
    SMTP_URL: `smtp://ada:secret@127.0.0.1:${port}`,
    RETRY_MAX_SECONDS: '1',
    RESEND_WEBHOOK_SECRET: '',
  }
  worker = await startProcess(
    [...TSX, 'worker/index.ts'],
    /Ready for jobs/,
    { ...(app.env() as Env), DATABASE_URL: url(), ...env },
    { cwd: folder },
  )
  const call = async (text: string): Promise<void> => {
    await writeFile(path.join(folder, 'call.ts'), `${text}\nprocess.exit()`)
    expect(await run([...TSX, 'call.ts'])).toMatchObject({ code: 0 })
  }
  const queue = async (name: string): Promise<string> => {
    const [row] = await query<{ id: string }>(
      url(),
      'INSERT INTO customer (mail, full_name) VALUES ($1, $2) RETURNING id',
      [`${name}-${newAddress()}`, 'Ada Lovelace'],
    )
    await call(
      `import { welcome } from './lib/sending/without-welcome'\nawait welcome('${row?.id}')\nawait welcome('${row?.id}')`,
    )
    const emails = await query<{ id: string }>(url(), 'SELECT id FROM "Email" WHERE "userId" = $1', [row?.id])
    expect(emails).toHaveLength(1)
    return emails[0]?.id ?? ''
  }
  const readEvents = (id: string) =>
    query<{ status: string; reason: string | null }>(
      url(),
      'SELECT status, reason FROM "EmailEvent" WHERE "emailId" = $1 ORDER BY id',
      [id],
    )
  const until = (id: string, status: string) =>
    waitFor(async () => (await readEvents(id)).at(-1)?.status === status)

  const good = await queue('good')
  await until(good, 'sent')
  expect(mails).toHaveLength(1)
  expect(mails[0]).toMatch(/^To: good-/m)
  expect(mails[0]).toContain('Subject: Welcome to the shop')
  expect(mails[0]).toContain('Welcome, Ada.')
  expect(mails[0]).not.toContain('Lovelace')

  const later = await queue('later')
  await until(later, 'sent')
  expect(await readEvents(later)).toContainEqual({ status: 'retrying', reason: 'smtp_451' })
  expect(mails).toHaveLength(2)

  const never = await queue('nobody')
  await until(never, 'failed')
  expect((await readEvents(never)).at(-1)).toEqual({ status: 'failed', reason: 'smtp_550' })

  isSenderKnown = false
  const paused = await queue('paused')
  await until(paused, 'retrying')
  expect((await readEvents(paused)).at(-1)?.reason).toBe('smtp_553')
  expect(worker.output()).toContain('NO MAIL GOES OUT')
  isSenderKnown = true
  await query(url(), 'UPDATE "Pace" SET "nextTurnAt" = now()')
  await until(paused, 'sent')

  // The process died before its hook.
  await query(
    url(),
    `INSERT INTO customer (mail, full_name, created) VALUES ('swept-${newAddress()}', 'Bob', now() - interval '2 minutes')`,
  )
  await waitFor(() => mails.some((mail) => /^To: swept-/m.test(mail)))

  const [owner] = await query<{ userId: string }>(url(), 'SELECT "userId" FROM "Email" WHERE id = $1', [good])
  await call(
    `import { prisma } from './lib/db/prisma'\nimport { deleteUser } from './lib/sending/delete-user'
     if (!(await prisma().$transaction((tx) => deleteUser(tx, '${owner?.userId}')))) process.exit(1)`,
  )
  expect(await query(url(), 'SELECT FROM customer WHERE id = $1', [owner?.userId])).toEqual([])
  expect(await readEvents(good)).toEqual([])

  expect(await worker.kill('SIGTERM')).toBe(0)
  await new Promise<void>((resolve) => smtp.close(() => resolve()))
  await sql(`DROP DATABASE ${DATABASE} WITH (FORCE)`)
})

test('npm run dev:all of that app requests nothing of it but /api/health', { tag: '@long' }, async () => {
  const modules = path.join(folder, 'node_modules')
  const next = path.join(modules, 'next/dist/bin/next')
  await rm(modules)
  await mkdir(path.dirname(next), { recursive: true })
  await writeFile(next, LOGS_REQUESTS)
  for (const name of await readdir('node_modules'))
    if (name !== 'next')
      await symlink(path.resolve('node_modules', name), path.join(modules, name), 'junction')
  const env = { DATABASE_URL: '', RESEND_API_KEY: '', APP_URL: '', PORT: '0', SANDBOX_WORKERS: '0' }
  worker = await startProcess([...TSX, 'sandbox/run.ts', 'dev'], /^READY /m, env, { cwd: folder })
  // Our own app is warmed up after three seconds.
  await sleep(4_000)
  const requests = [...worker.output().matchAll(/^web +│ (.*)/gm)].map(([, request]) => request)
  expect([...new Set(requests)]).toEqual(['GET /api/health?warm-up'])
})

test('the SQL about the tables of Better Auth and Auth.js fits them', async () => {
  const name = 'tables_of_auth'
  await sql(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
  await sql(`CREATE DATABASE ${name}`)
  const database = Object.assign(new URL(url()), { pathname: name }).href
  await query(database, TABLES_OF_AUTH)
  const columns = []
  for (const block of readBlocks(DOCUMENT, 'sql')) {
    const rows = await query<object>(database, `SELECT * FROM ${block} AS "user" WHERE id = 'a' FOR UPDATE`)
    columns.push(...rows.map((row) => Object.keys(row)))
  }
  const users = ['id', 'name', 'email', 'mailbox', 'confirmedAt', 'erasure']
  expect(columns).toEqual([users, ['id', 'since'], users])
  await sql(`DROP DATABASE ${name} WITH (FORCE)`)
})

/** https://better-auth.com/docs/concepts/database#user and https://authjs.dev/getting-started/adapters/prisma */
const TABLES_OF_AUTH = `
  CREATE TABLE "user" (id text PRIMARY KEY, name text NOT NULL, email text NOT NULL UNIQUE, "emailVerified" boolean NOT NULL,
    image text, "createdAt" timestamp(3) NOT NULL DEFAULT now(), "updatedAt" timestamp(3) NOT NULL DEFAULT now());
  CREATE TABLE "User" (id text PRIMARY KEY, name text, email text UNIQUE, "emailVerified" timestamp(3), image text,
    "createdAt" timestamp(3) NOT NULL DEFAULT now(), "updatedAt" timestamp(3) NOT NULL DEFAULT now());
  INSERT INTO "user" (id, name, email, "emailVerified") VALUES ('a', 'Ada', 'ada@example.com', true);
  INSERT INTO "User" (id, name, email, "emailVerified") VALUES ('a', 'Ada', 'ada@example.com', now());`

/** A program in the place of `next dev -p PORT`. */
const LOGS_REQUESTS = `
  require('node:http').createServer((request, response) => {
    console.log(request.method, request.url)
    response.end('{"workers":0}')
  }).listen(process.argv[4], '127.0.0.1')`

const INSTRUMENTATION = `export { register } from './instrumentation-of-mails'\n`
const TABLES = `CREATE TABLE customer (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), mail text NOT NULL UNIQUE, full_name text NOT NULL,
       created timestamptz(3) NOT NULL DEFAULT now());
     CREATE TABLE "Picture" (id uuid PRIMARY KEY, "userId" uuid NOT NULL);`

/** An app with two tables, a script and an instrumentation of its own. */
async function makeApp(): Promise<void> {
  const write = async (file: string, text: string): Promise<void> => {
    await mkdir(path.dirname(path.join(folder, file)), { recursive: true })
    await writeFile(path.join(folder, file), text)
  }
  for (const file of ['tsconfig.json', 'prisma.config.ts', 'prisma/migrations/migration_lock.toml'])
    await cp(file, path.join(folder, file))
  const scripts = { dev: 'next dev', migrate: 'prisma migrate deploy' }
  await write('package.json', JSON.stringify({ scripts, dependencies: { next: '1.0.0' } }))
  await write('instrumentation.ts', INSTRUMENTATION)
  await write('lib/auth.ts', `export const currentUser = async (): Promise<{ id: string }> => ({ id: '' })\n`)
  const [head = ''] = (await readFile('prisma/schema.prisma', 'utf8')).split('model User')
  const customer = readBlocks(DOCUMENT, 'prisma')
    .join('')
    .replace(/ +emails .*\n/, '')
  const picture = 'model Picture {\n  id String @id @default(uuid()) @db.Uuid\n  userId String @db.Uuid\n}\n'
  await write('prisma/schema.prisma', `${head}${customer}\n${picture}`)
  await write('prisma/migrations/20260101000000_before/migration.sql', TABLES)
  await symlink(path.resolve('node_modules'), path.join(folder, 'node_modules'), 'junction')
}

async function applyOurBlocks(): Promise<void> {
  const done = readSection(DOCUMENT, 'Copy into an app that exists')
  for (const block of readBlocks(DOCUMENT.replace(done, ''), 'diff')) await applyDiffs(folder, block)
  for (const block of readBlocks(DOCUMENT, 'ts', 'tsx')) {
    const [, name = ''] = /^\/\/ (\S+\.tsx?)\n/.exec(block) ?? []
    await mkdir(path.dirname(path.join(folder, name)), { recursive: true })
    await writeFile(path.join(folder, name), block)
  }
  // Which of the two instrumentations an app has makes no difference here.
  await cp('instrumentation.ts', path.join(folder, 'instrumentation-of-mails.ts'))
}

/** The app's own tool writes the migration. `prisma migrate dev` would have to download its engine, so it is ours. */
async function addTables(): Promise<void> {
  const prisma = path.join(folder, 'prisma')
  const schema = path.join(prisma, 'schema.prisma')
  await cp(schema, path.join(prisma, 'migrations/schema.prisma'))
  const models = (await readFile(path.join(prisma, 'emails.prisma'), 'utf8')).replace(
    /^( +user +)User( +@relation)/m,
    '$1Customer$2',
  )
  const own = (await readFile(schema, 'utf8')).replace(/^ +@@map\("customer"\)/m, '  emails Email[]\n$&')
  await writeFile(schema, `${own}\n${models}`)
  await cp('prisma/new-migration.ts', path.join(prisma, 'new-migration.ts'))
  const migration = await run([...TSX, 'prisma/new-migration.ts', 'emails'])
  expect(migration, migration.output).toMatchObject({ code: 0 })
  const [, written = ''] = /Wrote (\S+)\./.exec(migration.output) ?? []
  const file = path.join(folder, written, 'migration.sql')
  await appendFile(file, await readFile(path.join(prisma, 'emails.sql'), 'utf8'))
}

/**
 * Installs them in the folder above, where the compiler finds what is not in node_modules of the app.
 * @returns false without a network. Then the files that need them are removed
 */
async function installLibraries(): Promise<boolean> {
  expect(LIBRARIES).toHaveLength(3)
  const above = path.dirname(folder)
  const options = ['--no-save', '--legacy-peer-deps', '--ignore-scripts', '--no-audit', '--no-fund']
  const npm = spawn('npm', ['install', '--prefix', above, ...options, ...LIBRARIES], {
    shell: process.platform === 'win32',
    stdio: 'ignore',
  })
  const [code] = await once(npm, 'close')
  const alias = path.join(above, 'node_modules/nodemailer-10')
  await mkdir(path.dirname(alias), { recursive: true })
  await rm(alias, { recursive: true, force: true })
  await symlink(path.resolve('node_modules/nodemailer'), alias, 'junction')
  if (code === 0) return true
  for (const file of ['lib/auth-better.ts', 'lib/auth-js.ts']) await rm(path.join(folder, file))
  return false
}
