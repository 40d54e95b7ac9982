import { mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect } from '@playwright/test'
import { diffSchemas } from '../../prisma/engine'
import { app, newAddress, sql } from '../app'
import { copyProject, edit as editFile, readRecipe } from '../recipe'
import { type Env, type Process, query, runToEnd, startProcess, waitFor } from '../stack'
import { test } from '../test'

const TSX = ['--import', 'tsx']

let worker: Process | undefined
test.afterEach(async () => void (await worker?.kill('SIGTERM')))

test('each change of schema.prisma has its migration', async () => {
  const [before, now] = await Promise.all(
    ['prisma/migrations/schema.prisma', 'prisma/schema.prisma'].map((file) => readFile(file, 'utf8')),
  )
  expect(await diffSchemas(app.env().DATABASE_URL ?? '', before ?? '', now ?? '')).toBe('')
})

// Of `npm run dev`, the web server has no part in it: to compile its pages would take longer than all the rest.
test('while the worker of dev runs, the next kind of job is written as the README says, and done', {
  tag: '@long',
}, async () => {
  const database = `next_job_${test.info().parallelIndex}`
  const url = new URL(app.env().DATABASE_URL ?? '')
  url.pathname = database
  const folder = await copyProject(`test-results/${database}`)
  const edit = (file: string, change: (text: string) => string) => editFile(folder, file, change)
  // Without a DATABASE_URL, commands find the sandbox that runs in this folder.
  const run = (args: string[], env: Env = {}) =>
    runToEnd(args, { DATABASE_URL: '', SANDBOX_DIR: '', ...env }, { cwd: folder })
  await sql(`DROP DATABASE IF EXISTS ${database} WITH (FORCE)`)
  await sql(`CREATE DATABASE ${database}`)
  await mkdir(path.join(folder, '.sandbox'))
  await writeFile(path.join(folder, '.sandbox/env'), `DATABASE_URL=${url}\n`)
  expect(await run([...TSX, 'prisma/migrate.ts'])).toMatchObject({ code: 0 })
  const env = { ...app.env(), DATABASE_URL: url.href, NODE_ENV: 'development' } as Env
  worker = await startProcess(DEV_WORKER, /Ready for jobs/, env, { cwd: folder })

  let heard = worker.output().length
  /** Waits for words that the worker has not said before. */
  const untilSaid = async (words: RegExp): Promise<void> => {
    const listen = () => words.exec(worker?.output().slice(heard) ?? '')
    await waitFor(() => listen() !== null)
    heard = worker?.output().length ?? 0
  }
  const { line, name, file, registry, call } = await readRecipe()

  // A queue without a handler: the worker goes on, and the compiler reports it.
  await edit('lib/queue.ts', (text) => text.replace('export const QUEUES = {\n', (start) => start + line))
  await untilSaid(new RegExp(`No handler registered for queue "${name}".*Ready for jobs`, 's'))
  const compiler = await run(['node_modules/typescript/bin/tsc', '--noEmit'])
  expect(compiler.output).toContain(`Property '"${name}"' is missing`)

  // A handler that is not written yet: the worker waits for it.
  const [imported = '', registered = ''] = registry.split('\n')
  await edit('worker/jobs/index.ts', (text) =>
    `${imported}\n${text}`.replace(': Handlers = {\n', (start) => `${start}${registered}\n`),
  )
  await untilSaid(new RegExp(`The worker does not start: Cannot find .*${name}`))

  // Its picture is a user here, and its thumbnail their name.
  const body = `await prisma().user.update({ where: { id: data.pictureId }, data: { name: 'small' } })`
  await writeFile(
    path.join(folder, `worker/jobs/${name}.ts`),
    `import { prisma } from '@/lib/db/prisma'\n${file.replace('…', body)}`,
  )
  await untilSaid(/Ready for jobs/)
  await writeFile(
    path.join(folder, 'save-picture.ts'),
    `import { enqueue, transactionWithQueue } from '@/lib/queue'
     await transactionWithQueue(async (tx) => {
       const { id: pictureId } = await tx.user.create({ data: { name: 'large', email: '${newAddress()}' } })
       ${call}
     })
     process.exit()`,
  )
  const saving = await run([...TSX, 'save-picture.ts'], env)
  expect(saving, saving.output).toMatchObject({ code: 0 })
  await untilSaid(new RegExp(`${name} \\w+ → done`))
  expect(await query(url.href, 'SELECT name FROM "User"')).toEqual([{ name: 'small' }])

  // A changed schema.
  await edit('prisma/schema.prisma', (text) => text.replace('model User {', '$&\n  thumbnail String?'))
  const migration = await run([...TSX, 'prisma/new-migration.ts', 'add-pictures'])
  expect(migration, migration.output).toMatchObject({ code: 0 })
  const client = await readFile(path.join(folder, 'lib/generated/prisma/models/User.ts'), 'utf8')
  expect(client).toContain('thumbnail')
  const migrate = await run([...TSX, 'prisma/migrate.ts'])
  expect(migrate.output).toMatch(/^Applied \d+_add-pictures\.$/m)
  expect(migrate.output).toContain(name)
  expect(await query(url.href, 'SELECT thumbnail FROM "User"')).toEqual([{ thumbnail: null }])

  // 143: it was starting again, because the client has changed.
  expect([0, 143]).toContain(await worker.kill('SIGTERM'))
  await sql(`DROP DATABASE ${database} WITH (FORCE)`)
})

/** As the runner of dev starts it. */
const DEV_WORKER = [
  'node_modules/tsx/dist/cli.mjs',
  ...['watch', '--clear-screen=false', '--include=worker/**/*.ts'],
  'sandbox/dev-worker.ts',
]
