import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { parseEnv } from 'node:util'
import { expect } from '@playwright/test'
import { isDelivered, newAddress, signUp, waitForSnapshot } from './app'
import { type Process, query, runToEnd, startProcess } from './stack'
import { test } from './test'

/** The file that runs each command of the README. A line for a command that needs the outside ends with `# needs …`. */
const RUN_BY: Record<string, string> = {
  'npm ci': '.ci/run',
  'npm test': '.ci/run',
  'npm run dev': 'e2e/docs.spec.ts',
  'npm run test:smoke': '.github/workflows/weekly.yml',
  'npm run check:core': 'e2e/core.spec.ts',
  'npm run take -- ../my-app': 'e2e/core.spec.ts',
  'npm run dashboard': 'e2e/docs.spec.ts',
  'npm run mail': 'e2e/api/mail.spec.ts',
  'npm run migrate': 'e2e/api/next-job.spec.ts',
  'npm run redrive -- make-thumbnail': 'e2e/faults/recipe.spec.ts',
  'npm run migrate:new -- add-pictures': 'e2e/api/next-job.spec.ts',
}

const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> }
const DOCS = [
  'README.md',
  'SECURITY.md',
  'CONTRIBUTING.md',
  'AGENTS.md',
  'CHANGELOG.md',
  ...readdirSync('docs', { encoding: 'utf8', recursive: true }).map((name) => `docs/${name}`),
].filter((file) => file.endsWith('.md'))

test('each command of the README is run by a test', () => {
  expect([...new Set(listCommands('README.md'))].sort()).toEqual(Object.keys(RUN_BY).sort())
  for (const [command, file] of Object.entries(RUN_BY)) {
    const program = /[\w/.-]+\.ts/.exec(scripts[nameScript(command)] ?? '')?.[0] ?? command
    const text = readFileSync(file, 'utf8')
    const calls = [program, `test('${command} `, `- run: ${command}\n`]
    expect(
      calls.some((call) => text.includes(call)),
      `${file} runs ${command}`,
    ).toBe(true)
  }
})

const started: Process[] = []
test.afterEach(async () => {
  for (const process of started.splice(0)) await process.kill('SIGTERM')
})

test('npm run dev: READY, a signup that is delivered, commands that find it, no warning, and Ctrl-C ends it', {
  tag: '@long',
}, async () => {
  test.setTimeout(300_000)
  const env = { SANDBOX_DIR: 'test-results/dev', DATABASE_URL: '', RESEND_API_KEY: '', APP_URL: '' }
  const settings = {
    ...env,
    PORT: '0',
    SANDBOX_FRESH: '1',
    SANDBOX_LATENCY_MS: '50',
    APP_SECRET: `it's a secret # with "signs", and long`,
  }
  const dev = await startProcess(['--import', 'tsx', 'sandbox/run.ts', 'dev'], /^ {2}Stop /m, settings)
  started.push(dev)
  const url = /^READY (\S+)$/m.exec(dev.output())?.[1] ?? ''
  const page = await fetch(url)
  expect(page.status).toBe(200)
  expect(await page.text()).toContain('<h1')
  const { id } = await signUp(newAddress(), url)
  await waitForSnapshot(id, isDelivered, url)
  const { output } = await runToEnd(['--import', 'tsx', 'worker/redrive.ts'], env)
  expect(output).toContain('0 of 0 put back into the queue.')
  const onAnyPort = { ...env, PORT: '0' }
  const dashboard = await startProcess(['--import', 'tsx', 'sandbox/dashboard.ts'], /queues: \S+/, onAnyPort)
  started.push(dashboard)
  const queues = await fetch(`${/^The queues: (\S+)$/m.exec(dashboard.output())?.[1]}/queues`)
  expect(await queues.text()).toContain('send-email')
  await dashboard.kill('SIGTERM')
  // As if the database were from before the migrations became one.
  const { DATABASE_URL = '', APP_SECRET } = parseEnv(readFileSync('test-results/dev/env', 'utf8'))
  expect(APP_SECRET).toBe(settings.APP_SECRET)
  await query(DATABASE_URL, `UPDATE _prisma_migrations SET migration_name = '20261123000000_more-jobs'`)
  expect(await dev.kill('SIGINT')).toBe(0)
  // Next also prints this warning when the computer is busy with other work.
  expect(dev.output().replace(/.*Slow filesystem.*/, '')).not.toMatch(/warn|deprecat|⚠/i)

  // The production build, because it has no page to compile.
  const again = { ...settings, SANDBOX_FRESH: '0', SANDBOX_WORKERS: '0' }
  const next = await startProcess(['--import', 'tsx', 'sandbox/run.ts', 'demo'], /^READY/m, again)
  started.push(next)
  expect(next.output()).toContain('it begins anew')
})

test('what the README and docs/ tell to type, and where their links lead, exists', () => {
  const missing = DOCS.flatMap((file) => {
    const scripts = listCommands(file).filter((command) => !isThere(command))
    return [...scripts, ...listLinks(file).filter((link) => !leadsSomewhere(file, link))].map(
      (what) => `${file}: ${what}`,
    )
  })
  expect(missing).toEqual([])
})

test('no text names an address of this project on GitHub: it has none, and a stranger may own it', () => {
  const templates = readdirSync('.github', { encoding: 'utf8', recursive: true })
    .filter((name) => name.includes('.'))
    .map((name) => `.github/${name}`)
  const files = [...DOCS, ...templates, 'package.json']
  const named = files.filter((file) =>
    /github\.com\/[^\s)]*behind-the-scenes/i.test(readFileSync(file, 'utf8')),
  )
  expect(named).toEqual([])
})

test('no command has a comment beside it: zsh and cmd.exe take that for arguments', () => {
  const commented = DOCS.flatMap((file) => listCommands(file).filter((command) => / #/.test(command)))
  expect(commented).toEqual([])
})

test('each row of docs/faults.md names a test that there is', () => {
  const rows = readFileSync('docs/faults.md', 'utf8').matchAll(/^\|.*\| ([^|]+) \|$/gm)
  const proofs = [...rows]
    .flatMap(([, proof = '']) => proof.split('; '))
    .filter((proof) => proof.startsWith('`'))
  expect(proofs.length).toBeGreaterThan(100)
  expect(proofs.filter(lacksTest)).toEqual([])
})

test('each answer of docs/questions.md has a file, a test that there is, and a public thread', () => {
  const [, ...answers] = readFileSync('docs/questions.md', 'utf8').split(/^### /m)
  expect(answers.length).toBeGreaterThanOrEqual(30)
  for (const answer of answers) {
    const [question] = answer.split('\n')
    const [, tests = ''] = /^- Test: (.+)$/m.exec(answer) ?? []
    expect(answer, question).toMatch(/^- File: .*\]\(/m)
    expect(answer, question).toMatch(/^- Thread: \[.*\]\(https:\/\//m)
    expect(tests === 'no test' ? [] : tests.split('; ').filter(lacksTest), question).toEqual([])
  }
})

test('each decision has a number, a date, a status and what we lose, and is in the index', () => {
  const files = readdirSync('docs/decisions').filter((name) => name !== 'README.md')
  const read = (name: string): string => readFileSync(`docs/decisions/${name}`, 'utf8')
  const index = read('README.md')
  const dates = files.sort().map((name, place) => {
    const number = `${place + 1}`.padStart(3, '0')
    expect(name).toMatch(new RegExp(`^${number}-[a-z0-9-]+\\.md$`))
    const [title = '', , status = '', ...rest] = read(name).split('\n')
    expect(title, name).toMatch(/^# \S/)
    expect(status, name).toMatch(/^\d+ \w{3} \d{4} · .*(accepted|replaced by \[\d{3}\]|taken back)/)
    expect(rest.join('\n'), name).toMatch(/\S\n\n## What we lose\n\n\S/)
    expect(index).toContain(`- [${number}](${name}) ${title.slice(2)}`)
    const [, next] = /replaced by \[\d{3}\]\((.+?)\)/.exec(status) ?? []
    if (next) expect(read(next), `${next} names ${name}`).toContain(`replaces [${number}]`)
    return Date.parse(status.split(' · ')[0] ?? '')
  })
  expect(dates).toEqual(dates.toSorted((earlier, later) => earlier - later))
})

/** Lists the lines of a document's shell blocks, and its inline code that begins with npm or npx. */
function listCommands(file: string): string[] {
  const text = readFileSync(file, 'utf8')
  const blocks = [...text.matchAll(/^```sh\n(.*?)^```/gms)].flatMap(([, block = '']) =>
    block.trim().split('\n'),
  )
  const inline = [...text.matchAll(/`(np[mx] [^`…<]+)`/g)].map(([, command = '']) => command)
  return [...blocks, ...inline].map((command) => command.replace(/\s+/g, ' '))
}

/** @param proof names a file of tests, and words of their titles: `worker` · *with hands full* */
function lacksTest(proof: string): boolean {
  const [, name = ''] = /^`([\w/-]+)`/.exec(proof) ?? []
  if (name === 'production') return false
  const file = [`e2e/faults/${name}.spec.ts`, `e2e/${name}.spec.ts`].find(existsSync)
  const titles = [...proof.matchAll(/\*([^*]+)\*/g)].flatMap(([, title = '']) => title.split('…'))
  return !file || !titles.every((title) => readFileSync(file, 'utf8').includes(title.trim()))
}

function nameScript(command: string): string {
  return /^npm (?:run )?([\w:-]+)/.exec(command)?.[1] ?? ''
}

const NPMS_OWN = ['ci', 'install', 'outdated', 'prune']

/** Whether npm knows the script, and the files exist that it is to run. */
function isThere(command: string): boolean {
  const script = nameScript(command)
  const files = command.match(/(?<= )(?:e2e|sandbox|worker|prisma)\/[\w/.-]+/g) ?? []
  return (!script || NPMS_OWN.includes(script) || script in scripts) && files.every(existsSync)
}

function listLinks(file: string): string[] {
  const links = readFileSync(file, 'utf8').matchAll(/\]\(<(.+?)>\)|\]\(([^)<]+)\)|src(?:set)?="(.+?)"/g)
  return [...links].map((link) => link.slice(1).join('')).filter((link) => !link.startsWith('http'))
}

/** Whether the file exists, and in it the heading. */
function leadsSomewhere(from: string, link: string): boolean {
  const [to = '', anchor] = link.split('#')
  const file = to ? path.join(path.dirname(from), to) : from
  if (!existsSync(file)) return false
  return (
    !anchor ||
    [...readFileSync(file, 'utf8').matchAll(/^#+ (.*)$/gm)].some(
      ([, title = '']) => toAnchor(title) === anchor,
    )
  )
}

/** Returns a heading's anchor as GitHub makes it. */
function toAnchor(title: string): string {
  return title
    .toLowerCase()
    .replace(/[^\p{L}\p{N} -]/gu, '')
    .replaceAll(' ', '-')
}
