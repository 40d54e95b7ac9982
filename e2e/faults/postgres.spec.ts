import { expect } from '@playwright/test'
import { isListening, type Process, query, startProcess, waitFor } from '../stack'
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
