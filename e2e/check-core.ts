/*
 * npm run check:core
 *
 * Whether the outer rings can be deleted: takes the stage out of a copy, and then the orders, too. Each time the rest
 * has to compile; the rest is built and started at the end, and a user signs up and gets the mail.
 */
import { cp, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { findPort, runToEnd, startProcess, waitFor } from './stack'

type Ring = { mark: string; files: string[] }

const STAGE: Ring = { mark: 'stage', files: ['app/(stage)'] }
const ORDERS: Ring = {
  mark: 'orders',
  files: [
    'app/(orders)',
    'lib/orders',
    'lib/mail/templates/invitation.tsx',
    ...['export-data', 'export-data-dead', 'expire-export'].map((name) => `worker/jobs/${name}.ts`),
  ],
}
const LEFT_OUT = [
  'node_modules',
  '.next',
  '.git',
  '.sandbox',
  'test-results',
  'e2e',
  'docs',
  'playwright.config.ts',
]

const next = (command: string): string[] => ['node_modules/next/dist/bin/next', command]
const folder = path.resolve('test-results/core')

await rm(folder, { recursive: true, force: true })
await mkdir(folder, { recursive: true })
for (const name of await readdir('.')) {
  if (!LEFT_OUT.includes(name)) await cp(name, path.join(folder, name), { recursive: true })
}
await symlink(path.resolve('node_modules'), path.join(folder, 'node_modules'), 'junction')
// Next follows no link that leads out of its root.
await edit(path.join(folder, 'next.config.mjs'), (text) =>
  text.replace('import.meta.dirname', JSON.stringify(path.resolve())),
)

await takeOut(STAGE)
await compile('without the stage')
await takeOut(ORDERS)
await compile('the core alone')
await run('builds', next('build'))
await deliverMail()
await rm(folder, { recursive: true })

/** Deletes the files of a ring, and all lines that end with its mark. */
async function takeOut({ mark, files }: Ring): Promise<void> {
  for (const file of files) await rm(path.join(folder, file), { recursive: true })
  const marked = new RegExp(`^.*(// ${mark}|/\\* ${mark} \\*/\\}?)$\\n`, 'gm')
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !/\.(tsx?|mjs|css)$/.test(entry.name)) continue
    await edit(path.join(entry.parentPath, entry.name), (text) => text.replace(marked, ''))
  }
}

async function edit(file: string, change: (text: string) => string): Promise<void> {
  const text = await readFile(file, 'utf8')
  const changed = change(text)
  if (changed !== text) await writeFile(file, changed)
}

async function compile(what: string): Promise<void> {
  await run(`${what}: routes`, next('typegen'))
  await run(`${what}: compiles`, ['node_modules/typescript/bin/tsc', '--noEmit'])
}

async function run(what: string, args: string[]): Promise<void> {
  const { code, output } = await runToEnd(args, {}, { cwd: folder })
  if (code !== 0) throw new Error(`${what}: no.\n${output}`)
  console.log(`${what}: yes`)
}

async function deliverMail(): Promise<void> {
  const env = { PORT: `${await findPort()}`, SANDBOX_LATENCY_MS: '50', DATABASE_URL: '', RESEND_API_KEY: '' }
  const app = await startProcess(['--import', 'tsx', 'sandbox/run.ts', 'demo'], /READY \S+/, env, {
    cwd: folder,
  })
  const url = /READY (\S+)/.exec(app.output())?.[1]
  const answer = await fetch(`${url}/api/users`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'Ada', email: 'ada@example.com' }),
  })
  const { welcomeEmail } = await answer.json()
  await waitFor(async () => {
    const email = await fetch(`${url}/api/emails/${welcomeEmail.id}`)
    return (await email.json()).status === 'delivered'
  })
  await app.kill('SIGTERM')
  console.log('a signup is delivered: yes')
}
