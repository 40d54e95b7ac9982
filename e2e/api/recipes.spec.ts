import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { parseEnv } from 'node:util'
import { expect } from '@playwright/test'
import { isDelivered, newAddress, postSignup, waitForSnapshot } from '../app'
import { listenForComplaints, sendForm } from '../pages/person'
import { copyProject, edit } from '../recipe'
import { askSandbox, type Process, query, runToEnd, startProcess, waitFor } from '../stack'
import { test } from '../test'

const TSX = ['--import', 'tsx']
const APP = [
  ...['app', 'proxy.ts', 'instrumentation.ts', 'instrumentation-node.ts', 'next.config.mjs'],
  'postcss.config.mjs',
]
/** Of the runner, not of the shared app of the tests. */
const SETTINGS = { SANDBOX_DIR: '', DATABASE_URL: '', RESEND_API_KEY: '', APP_URL: '', RESEND_BASE_URL: '' }

let dev: Process | undefined
test.afterEach(async () => void (await dev?.kill('SIGINT')))

// One server for all of it, because to start one takes longer than the rest.
test('while npm run dev runs, the recipes and a model are written, used through the web server, and taken away', {
  tag: '@long',
}, async ({ page }) => {
  test.setTimeout(400_000)
  const folder = await copyProject('test-results/recipes', APP)
  // Turbopack follows no link out of its root, and node_modules is a link here.
  await edit(folder, 'next.config.mjs', (text) =>
    text.replace('root = import.meta.dirname', `root = ${JSON.stringify(path.resolve())}`),
  )
  const run = (args: string[]) => runToEnd(args, SETTINGS, { cwd: folder })
  dev = await startProcess(
    [...TSX, 'sandbox/run.ts', 'dev'],
    /^ {2}Stop /m,
    { ...SETTINGS, PORT: '0', SANDBOX_LATENCY_MS: '50', SANDBOX_TRACES: 'false' },
    { cwd: folder },
  )
  const env = parseEnv(await readFile(path.join(folder, '.sandbox/env'), 'utf8'))
  const { APP_URL: url = '', DATABASE_URL: database = '' } = env
  const said = dev.output
  const untilSaid = (words: RegExp) => waitFor(() => words.test(said()))
  // The page works under another name of this computer, too, and Next notifies it of changes.
  const complaints = listenForComplaints(page)
  await page.goto(url.replace('localhost', '127.0.0.1'))
  await sendForm(page)
  await expect(page).toHaveURL(/\/tickets\//)
  expect(complaints).toEqual([])
  const ada = await signUpOwner(url)
  const bob = await signUpOwner(url)
  const order = (what: string, { id, cookie }: Owner): Promise<Response> =>
    fetch(`${url}/api/tickets/${id}/${what}`, { method: 'POST', headers: { cookie } })
  /** Orders, as soon as Next knows the route. */
  const orderNew = async (what: string, owner: Owner): Promise<Response> => {
    await waitFor(async () => (await order(what, owner)).status !== 404)
    return order(what, owner)
  }
  const undo = await snapshot(folder)

  // Something at a set time: first every minute, to see it run.
  await writeRecipe(folder, 'Every Monday at eight')
  const [, monday = ''] = /cron: '([^']+)'/.exec(await readSection('Every Monday at eight')) ?? []
  await edit(folder, 'lib/queue.ts', (text) => text.replace(monday, '* * * * *'))

  // A mail with data and a file.
  await writeRecipe(folder, 'A mail with data and a file')
  const receipt = await orderNew('receipt', ada)
  expect(receipt.status).toBe(202)
  const { emailId } = await receipt.json()
  await waitForSnapshot(emailId, isDelivered, url)
  const { data: mails } = await (await askSandbox(env, '/emails')).json()
  const mail = mails.find(({ subject }: { subject: string }) => subject === 'Your receipt')
  expect(mail.text).toContain('3 pictures for 9 €')
  // The stand-in for Resend keeps no files, and refuses them in a batch: this mail went alone.
  const alone = `SELECT state FROM pgboss.job WHERE name = 'send-email-alone' AND data->>'emailId' = $1`
  expect(await query(database, alone, [emailId])).toEqual([{ state: 'completed' }])

  // A reminder. Three days later, one comes; the other was cancelled with its user.
  await writeRecipe(folder, 'Remind me in three days')
  expect((await orderNew('reminder', ada)).status).toBe(202)
  expect((await order('reminder', bob)).status).toBe(202)
  const reminders = () =>
    query<{ user: string; days: number }>(
      database,
      `SELECT DISTINCT data->>'userId' AS user, round(extract(epoch FROM start_after - created_on) / 86400)::int AS days
       FROM pgboss.job WHERE name = 'remind' AND state = 'created'`,
    )
  expect(await reminders()).toEqual(
    expect.arrayContaining([ada, bob].map(({ userId }) => ({ user: userId, days: 3 }))),
  )
  expect((await order('erasure', bob)).status).toBe(202)
  await waitFor(async () => (await reminders()).length === 1)
  expect(await reminders()).toEqual([{ user: ada.userId, days: 3 }])
  await query(database, `UPDATE pgboss.job SET start_after = now() WHERE name = 'remind'`)
  await untilSaid(/remind \w+ → done/)
  const sent = () => query<{ status: string }>(database, `SELECT status FROM "Email" WHERE kind = 'reminder'`)
  await waitFor(async () => (await sent())[0]?.status === 'delivered')
  expect(await sent()).toHaveLength(1)

  // A slot that is left out is the only error of the compiler.
  const route = 'app/api/tickets/[id]/receipt/route.ts'
  await edit(folder, route, (text) => text.replace(`, total: '9 €'`, ''))
  const compiler = await run(['node_modules/typescript/bin/tsc', '--noEmit', '--pretty', 'false'])
  expect(compiler.output).toMatch(/^\S+ error TS2741: Property 'total' is missing.*\n$/)

  // A model: the web server knows it without a restart.
  await edit(folder, 'prisma/schema.prisma', (text) => `${text}\nmodel Picture {\n  id Int @id\n}\n`)
  await writeFile(
    path.join(folder, route),
    `import { prisma } from '@/lib/db/prisma'
     import { route } from '@/lib/protection/route'
     export const { POST } = route({
       POST: async () => Response.json({ pictures: await prisma().picture.count() }),
     })`,
  )
  // Next takes a moment to see the file.
  await waitFor(async () => (await order('receipt', ada)).status === 500)
  expect(await run([...TSX, 'prisma/new-migration.ts', 'add-pictures'])).toMatchObject({ code: 0 })
  expect(await run([...TSX, 'prisma/migrate.ts'])).toMatchObject({ code: 0 })
  await waitFor(async () => (await order('receipt', ada)).ok)
  expect(await (await order('receipt', ada)).json()).toEqual({ pictures: 0 })

  await untilSaid(/This week there are \d users\./)
  await edit(folder, 'lib/queue.ts', (text) => text.replace("* * * * *', tz", `${monday}', tz`))
  const schedules = () =>
    query(database, `SELECT cron, timezone FROM pgboss.schedule WHERE name = 'weekly-report'`)
  await waitFor(async () => JSON.stringify(await schedules()).includes(monday))
  expect(await schedules()).toEqual([{ cron: '0 8 * * 1', timezone: 'Europe/Berlin' }])

  await undo()
  await waitFor(async () => (await schedules()).length === 0)
  await waitFor(async () => (await order('receipt', ada)).status === 404)
  const { id } = await signUpOwner(url)
  await waitForSnapshot(id, isDelivered, url)

  expect(said()).not.toContain('has changed.')
  await writeFile(path.join(folder, '.env'), 'LOG_FORMAT=json\n')
  await untilSaid(/\.env has changed/)
  const types = path.join(folder, '.next/dev/types/validator.ts')
  await waitFor(async () => (await readFile(types, 'utf8')).includes('/api/session/'))
  expect(await dev.kill('SIGINT')).toBe(0)

  // Types that dev has generated for a removed route do not fail `npm run check`.
  await rm(path.join(folder, 'app/api/session'), { recursive: true })
  expect(await run(['node_modules/next/dist/bin/next', 'typegen'])).toMatchObject({ code: 0 })
  expect(await run(['node_modules/typescript/bin/tsc', '--noEmit'])).toEqual({ code: 0, output: '' })
})

type Owner = { id: string; userId: string; cookie: string }

async function signUpOwner(url: string): Promise<Owner> {
  const response = await postSignup({ name: 'Ada', email: newAddress() }, {}, url)
  const { welcomeEmail, user } = await response.json()
  const cookie = response.headers.get('set-cookie')?.split(';')[0] ?? ''
  return { id: welcomeEmail.id, userId: user.id, cookie }
}

async function readSection(title: string): Promise<string> {
  const document = await readFile('docs/recipes.md', 'utf8')
  return document.split(/^## /m).find((section) => section.startsWith(`${title}\n`)) ?? ''
}

/** Writes the files of a recipe, and the lines that belong into a list (QUEUES, TEMPLATES …) of a file that exists. */
async function writeRecipe(folder: string, title: string): Promise<void> {
  const items = (await readSection(title)).split(/^(?=\d\. )/m).slice(1)
  expect(items.length).toBeGreaterThan(2)
  for (const item of items) {
    const [words = ''] = item.split(/^ {3}```/m)
    const blocks = [...item.matchAll(/^ {3}```tsx?\n(.*?)^ {3}```$/gms)].map(([, block = '']) => block)
    const code = blocks.join('').replace(/^ {3}/gm, '')
    const [, file = ''] = /`([\w/.[\]-]+\.tsx?)`/.exec(words) ?? []
    const [, list] = /`([A-Z]+)`/.exec(words) ?? []
    expect([file, code], item).not.toContain('')
    if (list) await edit(folder, file, (text) => addToList(text, list, code))
    else {
      await mkdir(path.dirname(path.join(folder, file)), { recursive: true })
      await writeFile(path.join(folder, file), code)
    }
  }
}

function addToList(text: string, list: string, code: string): string {
  const imports = code.match(/^import .*\n/gm)?.join('') ?? ''
  const lines = code.replace(/^import .*\n/gm, '')
  return imports + text.replace(new RegExp(`${list}\\b.*= \\{\\n`), (start) => start + lines)
}

/** Returns a function that brings the files of the copy back to what they are now. */
async function snapshot(folder: string): Promise<() => Promise<void>> {
  const lists = [
    'lib/queue.ts',
    'lib/mail/templates/index.ts',
    'worker/jobs/index.ts',
    'prisma/schema.prisma',
  ]
  const texts = await Promise.all(lists.map((file) => readFile(path.join(folder, file), 'utf8')))
  return async () => {
    for (const [place, file] of lists.entries()) await writeFile(path.join(folder, file), texts[place] ?? '')
    const added = [
      ...['lib/mail/templates/receipt.tsx', 'lib/mail/templates/reminder.tsx'],
      ...['worker/jobs/remind.ts', 'worker/jobs/weekly-report.ts'],
      ...['app/api/tickets/[id]/receipt', 'app/api/tickets/[id]/reminder'],
    ]
    for (const file of added) await rm(path.join(folder, file), { recursive: true })
  }
}
