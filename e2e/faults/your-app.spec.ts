import { once } from 'node:events'
import { cp, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { expect, test } from '@playwright/test'
import { SMTPServer } from 'smtp-server'
import { app, newAddress, sql } from '../app'
import { edit } from '../recipe'
import { type Env, type Process, query, runToEnd, startProcess, waitFor } from '../stack'

const TSX = ['--import', 'tsx']
const DOCUMENT = 'docs/your-app.md'
const DATABASE = 'your_app'
const MERGED = ['package.json', 'next.config.mjs', 'prisma.config.ts', 'tsconfig.json']

/** The app of a stranger: what docs/your-app.md says, done to what `npm run take` writes. */
const folder = path.resolve('test-results/your-app')
const url = (): string => Object.assign(new URL(app.env().DATABASE_URL ?? ''), { pathname: DATABASE }).href
const run = (args: string[], env: Env = {}) =>
  runToEnd(args, { ...(app.env() as Env), DATABASE_URL: url(), ...env }, { cwd: folder })

let worker: Process | undefined
test.afterEach(async () => void (await worker?.kill('SIGTERM')))

test.describe.configure({ mode: 'serial', timeout: 180_000 })

test('each block of docs/your-app.md is applied to a taken project, and compiles there', {
  tag: '@long',
}, async () => {
  await sql(`DROP DATABASE IF EXISTS ${DATABASE} WITH (FORCE)`)
  await sql(`CREATE DATABASE ${DATABASE}`)
  const taken = path.resolve('test-results/taken')
  for (const old of [taken, folder]) await rm(old, { recursive: true, force: true })
  const take = await runToEnd([...TSX, 'sandbox/take/take.ts', taken], {})
  expect(take.code, take.output).toBe(0)
  const [copied = '', left = ''] = await readBlocks(DOCUMENT, 'text')
  for (const file of [...copied.trim().split('\n'), ...MERGED])
    await cp(path.join(taken, file), path.join(folder, file), { recursive: true })
  for (const file of left.trim().split('\n')) await rm(path.join(folder, file), { recursive: true })
  await symlink(path.resolve('node_modules'), path.join(folder, 'node_modules'), 'junction')
  for (const block of await readBlocks(DOCUMENT, 'diff')) await applyDiffs(folder, block)
  await writeFiles(folder, await readBlocks(DOCUMENT, 'ts', 'tsx'))
  await writeFile(
    path.join(folder, 'lib/auth.ts'),
    `export const currentUser = async (): Promise<{ id: string }> => ({ id: '' })\n`,
  )

  // The app had its table before. Its tool writes the migration, and the rest is appended.
  const migrations = path.join(folder, 'prisma/migrations')
  const schema = await readFile(path.join(folder, 'prisma/schema.prisma'), 'utf8')
  const [head = ''] = schema.split('model User')
  const account = `${await readBlocks(DOCUMENT, 'prisma')}\nmodel Picture {\n  id String @id @default(uuid()) @db.Uuid\n  userId String @db.Uuid\n}\n`
  const models = schema.split(/^(?=(?:\/\/\/.*\n)*(?:model|enum) )/m).slice(1)
  const kept = models.filter((model) => !/^model (User|SpentKey|Session) /m.test(model))
  const core = kept.join('').replace(/^( +user +)User( +@relation)/m, '$1Account$2')
  const init = await readFile(path.join(migrations, '20261129000000_init/migration.sql'), 'utf8')
  await rm(migrations, { recursive: true })
  await mkdir(path.join(migrations, '20260101000000_before'), { recursive: true })
  await cp('prisma/migrations/migration_lock.toml', path.join(migrations, 'migration_lock.toml'))
  await writeFile(
    path.join(migrations, '20260101000000_before/migration.sql'),
    `CREATE TABLE account (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), mail text NOT NULL UNIQUE, full_name text NOT NULL,
       created timestamptz(3) NOT NULL DEFAULT now());
     CREATE TABLE "Picture" (id uuid PRIMARY KEY, "userId" uuid NOT NULL);`,
  )
  await writeFile(path.join(migrations, 'schema.prisma'), head + account.replace(/ +emails .*\n/, ''))
  await writeFile(path.join(folder, 'prisma/schema.prisma'), head + account + core)
  const migration = await run([...TSX, 'prisma/new-migration.ts', 'emails'])
  expect(migration, migration.output).toMatchObject({ code: 0 })
  const [, written = ''] = /Wrote (\S+)\./.exec(migration.output) ?? []
  const [, rest = ''] = init.split('-- What schema.prisma cannot say.\n')
  const [triggers = ''] = rest.split('-- The table of users.')
  const file = path.join(folder, written, 'migration.sql')
  await writeFile(file, (await readFile(file, 'utf8')) + triggers)

  await run(['node_modules/next/dist/bin/next', 'typegen'])
  const compiler = await run(['node_modules/typescript/bin/tsc', '--noEmit'])
  expect(compiler.output).toBe('')
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
  const queue = async (name: string): Promise<string> => {
    const [row] = await query<{ id: string }>(
      url(),
      'INSERT INTO account (mail, full_name) VALUES ($1, $2) RETURNING id',
      [`${name}-${newAddress()}`, 'Ada Lovelace'],
    )
    const call = `import { welcome } from './lib/sending/without-welcome'\nawait welcome('${row?.id}')\nawait welcome('${row?.id}')\nprocess.exit()`
    await writeFile(path.join(folder, 'hook.ts'), call)
    expect(await run([...TSX, 'hook.ts'])).toMatchObject({ code: 0 })
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
    `INSERT INTO account (mail, full_name, created) VALUES ('swept-${newAddress()}', 'Bob', now() - interval '2 minutes')`,
  )
  await waitFor(() => mails.some((mail) => /^To: swept-/m.test(mail)))

  expect(await worker.kill('SIGTERM')).toBe(0)
  await new Promise<void>((resolve) => smtp.close(() => resolve()))
  await sql(`DROP DATABASE ${DATABASE} WITH (FORCE)`)
})

/** The blocks of a document in these languages. */
async function readBlocks(file: string, ...languages: string[]): Promise<string[]> {
  const blocks = (await readFile(file, 'utf8')).matchAll(/^```(\w+)\n(.*?)^```/gms)
  return [...blocks].flatMap(([, language = '', code = '']) => (languages.includes(language) ? code : []))
}

/** Writes blocks that are whole files: the first line names the file. */
async function writeFiles(folder: string, blocks: string[]): Promise<void> {
  for (const block of blocks) {
    const [, name = ''] = /^\/\/ (\S+\.tsx?)\n/.exec(block) ?? []
    await mkdir(path.dirname(path.join(folder, name)), { recursive: true })
    await writeFile(path.join(folder, name), block)
  }
}

/** Changes files as a block of diffs says. Lines that stay lead to the place. @throws when a line is not there */
async function applyDiffs(folder: string, block: string): Promise<void> {
  for (const part of block.split(/^--- /m).slice(1)) {
    const [file = '', ...changes] = part.trimEnd().split('\n')
    await edit(folder, file, (text) => {
      const lines = text.split('\n')
      let at = 0
      for (const change of changes) {
        const line = change.slice(1)
        if (change.startsWith('+')) {
          lines.splice(at++, 0, line)
          continue
        }
        at = lines.indexOf(line)
        if (at < 0) throw new Error(`${file} has no line "${line}"`)
        if (change.startsWith('-')) lines.splice(at, 1)
        else at++
      }
      return lines.join('\n')
    })
  }
}
