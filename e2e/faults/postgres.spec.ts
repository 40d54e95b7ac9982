import { expect } from '@playwright/test'
import { isListening, type Process, programOf, query, runToEnd, startProcess, waitFor } from '../stack'
import { test } from '../test'

/* The sandbox's Postgres, without the runner around it. */

const started: Process[] = []
test.afterEach(async () => {
  for (const process of started.splice(0)) await process.kill('SIGKILL')
})

/** Starts a process that starts Postgres with its data in this folder, and stops it at SIGTERM. Returns the database's URL. */
async function start(dir: string, env = {}, platform = 'linux'): Promise<[string, Process]> {
  const program = `
    import { startPostgres } from './sandbox/postgres.ts'
    const { url, stop } = await startPostgres(${JSON.stringify({ dir, platform })})
    process.on('SIGTERM', () => stop().then(() => process.exit()))
    console.log('READY ' + url)`
  const args = ['--import', 'tsx', '--input-type=module', '--eval', program]
  const runner = await startProcess(args, /READY \S+/, env)
  started.push(runner)
  return [/READY (\S+)/.exec(runner.output())?.[1] ?? '', runner]
}

test('as on Windows, pg_ctl starts Postgres, which ends with its runner, and starts again with its data', async () => {
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

test('settings of libpq for another database change nothing: Postgres starts, and takes the place of one that runs', async () => {
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
