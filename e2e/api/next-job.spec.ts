import { cp, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from '@playwright/test'
import { app, newAddress, sql } from '../app'
import { type Env, type Process, query, runToEnd, startProcess, waitFor } from '../stack'

const TSX = ['--import', 'tsx']

let worker: Process | undefined
test.afterEach(async () => void (await worker?.kill('SIGKILL')))

/** What the README tells to write, to the letter: a line in the list of queues, a file, and a call. */
async function readRecipe(): Promise<{ line: string; name: string; file: string; call: string }> {
  const readme = await readFile('README.md', 'utf8')
  const section = /^## Write the next job\n(.*?)^## /ms.exec(readme)?.[1] ?? ''
  const [line = '', file = ''] = [...section.matchAll(/```ts\n(.*?)```/gs)].map(([, code = '']) => code)
  const name = /`worker\/jobs\/([\w-]+)\.ts`/.exec(section)?.[1] ?? ''
  const call = /`(await enqueue\(.*?\))`/.exec(section)?.[1] ?? ''
  return { line, name, file, call }
}

/** A copy of what a worker needs, in a folder of its own. */
async function copyProject(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  for (const name of ['lib', 'worker', 'prisma', 'package.json', 'tsconfig.json']) {
    await cp(name, path.join(folder, name), { recursive: true })
  }
  await symlink(path.resolve('node_modules'), path.join(folder, 'node_modules'), 'junction')
}

test('the next kind of job, written as the README says, is done', async () => {
  const database = `next_job_${test.info().parallelIndex}`
  const folder = path.resolve('test-results', database)
  const edit = async (file: string, change: (text: string) => string): Promise<void> => {
    const text = await readFile(path.join(folder, file), 'utf8')
    await writeFile(path.join(folder, file), change(text))
  }
  await copyProject(folder)
  const url = new URL(app.env().DATABASE_URL ?? '')
  url.pathname = database
  const env = { ...app.env(), DATABASE_URL: url.href } as Env
  await sql(`DROP DATABASE IF EXISTS ${database} WITH (FORCE)`)
  await sql(`CREATE DATABASE ${database}`)

  // The recipe. Its picture is a user here, and its thumbnail their name.
  const { line, name, file, call } = await readRecipe()
  await edit('lib/queue.ts', (text) => text.replace('export const QUEUES = {\n', (start) => start + line))
  const body = `await prisma().user.update({ where: { id: job.data.pictureId }, data: { name: 'small' } })`
  await writeFile(
    path.join(folder, `worker/jobs/${name}.ts`),
    `import { prisma } from '@/lib/db/prisma'\n${file.replace('…', body)}`,
  )
  await writeFile(
    path.join(folder, 'save-picture.ts'),
    `import { prisma } from '@/lib/db/prisma'
     import { enqueue } from '@/lib/queue'
     await prisma().$transaction(async (tx) => {
       const { id: pictureId } = await tx.user.create({ data: { name: 'large', email: '${newAddress()}' } })
       ${call}
     })
     process.exit()`,
  )

  const migration = await runToEnd([...TSX, 'prisma/migrate.ts'], env, folder)
  expect(migration.output).toContain(name)
  const saving = await runToEnd([...TSX, 'save-picture.ts'], env, folder)
  expect(saving, saving.output).toMatchObject({ code: 0 })
  worker = await startProcess([...TSX, 'worker/index.ts'], /Ready for jobs/, env, folder)
  await waitFor(async () => {
    const [user] = await query<{ name: string }>(url.href, 'SELECT name FROM "User"')
    return user?.name === 'small'
  })
  expect(await worker.kill('SIGTERM')).toBe(0)
  const jobs = await query(url.href, 'SELECT name, state FROM pgboss.job')
  expect(jobs).toEqual([{ name, state: 'completed' }])
  await sql(`DROP DATABASE ${database} WITH (FORCE)`)
})
