import { existsSync, readFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import path from 'node:path'
import { expect } from '@playwright/test'
import { build } from 'esbuild'
import { isDelivered, newAddress, signUp, waitForSnapshot } from '../app'
import { type Env, programOf, runToEnd, startProcess, WEB_EXIT_CODES, waitFor } from '../stack'
import { test } from '../test'
import { findFaults, untilSettled } from './oracle'
import { startReader } from './reader'
import { countSends, signUpMany, until, untilAsked } from './steps'

/* Nothing depends on who reads a process's output. */

test.skip(process.platform === 'win32', 'Windows has no named pipes in its file system.')

const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> }
const PROGRAMS = new Set(
  Object.values(scripts).flatMap((script) => script.match(/(?:worker|prisma|sandbox)\/[\w/-]+\.ts/g) ?? []),
)

test('every program of the scripts in package.json has the guard of its output', async () => {
  expect(PROGRAMS.size).toBeGreaterThan(5)
  for (const program of PROGRAMS) {
    const { metafile } = await build({
      ...{ entryPoints: [program], bundle: true, platform: 'node', format: 'esm', packages: 'external' },
      ...{ write: false, metafile: true, logLevel: 'silent' },
    })
    expect(Object.keys(metafile.inputs), program).toContain('lib/output.ts')
  }
})

test(
  'the reader of a worker’s output goes away in the middle of a send: it goes on, and is heard again',
  { tag: '@long' },
  async ({ stack }, { outputDir }) => {
    await using reader = await startReader(outputDir)
    await stack.setProvider({ latencyMs: 1_000 })
    const worker = await stack.startWorker({ LOG_FORMAT: 'json' }, reader)
    const { id } = await signUp(newAddress(), stack.appUrl)
    await untilAsked(stack, id)
    await reader.leave()
    const ids = await signUpMany(stack, 20)
    await untilSettled(stack)
    expect(worker.isRunning()).toBe(true)
    expect(await countSends(stack, id)).toEqual({ calls: 1, accepted: 1 })
    expect(await findFaults(stack, [id, ...ids])).toEqual([])

    reader.goOn()
    ids.push((await signUp(newAddress(), stack.appUrl)).id)
    await untilSettled(stack)
    await waitFor(() => /"lines":\d+.*Lines of this output are missing/.test(worker.output()))
    expect(await worker.kill('SIGTERM')).toBe(0)
    await waitFor(() => worker.output().includes('Goodbye.'))
    expect(await findFaults(stack, [id, ...ids])).toEqual([])
  },
)

test(
  'the reader of a worker’s output stands still, and its pipe is full: it sends all the same, and stops',
  { tag: '@long' },
  async ({ stack }, { outputDir }) => {
    await using reader = await startReader(outputDir)
    const worker = await stack.startWorker({}, reader)
    reader.stall()
    const ids = await signUpMany(stack, 20)
    await untilSettled(stack)
    expect(await findFaults(stack, ids)).toEqual([])
    reader.goOn()
    await waitFor(() => worker.output().includes('→ sent'))
    reader.stall()
    expect(await worker.kill('SIGTERM')).toBe(0)
  },
)

for (const [title, leave] of [
  ['goes away', 'leave'],
  ['stands still', 'stall'],
] as const) {
  test(
    `the reader of a web server’s output ${title}: everybody is answered, and it is heard again`,
    {
      tag: '@long',
    },
    async ({ stack }, { outputDir }) => {
      await using reader = await startReader(outputDir)
      const web = await stack.startWeb({ env: { LOG_FORMAT: 'json' }, reader })
      await reader[leave]()
      await Promise.all(Array.from({ length: 30 }, () => signUp(newAddress(), web.url)))
      reader.goOn()
      const { id } = await signUp(newAddress(), web.url)
      await waitFor(() => web.output().includes(id))
      expect(WEB_EXIT_CODES).toContain(await web.kill('SIGTERM'))
    },
  )
}

/** Prints 10 MB, and then writes into a file how much of it is kept in memory, in bytes. */
const TALKER = `
  import { writeFileSync } from 'node:fs'
  import { setImmediate } from 'node:timers/promises'
  import { log } from './lib/log.ts'
  process.once('SIGUSR2', async () => {
    for (let line = 1; line <= 50_000; line++) {
      log.info({ line }, 'x'.repeat(120))
      if (line % 100 === 0) await setImmediate()
    }
    writeFileSync(process.env.KEPT, String(process.stdout.writableLength))
  })
  setInterval(() => {}, 1_000)
  log.info('ready')`

test('of what is printed while a reader stands still, 1 MiB is kept, and the rest is counted', async () => {
  const { outputDir } = test.info()
  await using reader = await startReader(outputDir)
  const kept = path.join(outputDir, 'kept')
  const args = ['--import', 'tsx', '--input-type=module', '-e', TALKER]
  const talker = await startProcess(args, /ready/, { LOG_FORMAT: 'json', KEPT: kept }, { reader })
  reader.stall()
  process.kill(talker.pid, 'SIGUSR2')
  await waitFor(() => existsSync(kept) && readFileSync(kept, 'utf8') !== '')
  expect(Number(readFileSync(kept, 'utf8'))).toBeGreaterThan(1024 * 1024)
  expect(Number(readFileSync(kept, 'utf8'))).toBeLessThan(1024 * 1024 + 1024)

  reader.goOn()
  await waitFor(() => /Lines of this output are missing.*\n/.test(talker.output()))
  const lines = talker.output().match(/^\{.*\}$/gm) ?? []
  const heard = lines.filter((line) => 'line' in JSON.parse(line)).length
  const { lines: missing } = JSON.parse(lines.at(-1) ?? '')
  expect(heard + missing).toBe(50_000)
  await talker.kill('SIGTERM')
})

test('a disk without room for the log: the worker sends all the same', { tag: '@long' }, async ({
  stack,
}) => {
  test.skip(!existsSync('/dev/full'), 'There is no /dev/full here.')
  const full = await open('/dev/full', 'w')
  const worker = await startProcess(programOf('worker/index.ts'), /^/, stack.env, {
    reader: { fd: full.fd, text: () => '' },
  })
  const ids = await signUpMany(stack, 3)
  await untilSettled(stack)
  expect(await findFaults(stack, ids)).toEqual([])
  expect(await worker.kill('SIGTERM')).toBe(0)
  await full.close()
})

test(
  'commands whose reader has gone do what they were asked to do',
  { tag: '@long' },
  async ({ stack }, { outputDir }) => {
    await using reader = await startReader(outputDir)
    await reader.leave()
    const run = async (program: string, ...args: string[]): Promise<number | null> =>
      (await runToEnd([...programOf(program), ...args], stack.env, { reader })).code

    expect(await run('prisma/migrate.ts')).toBe(0)

    await stack.setProvider({ mode: 'invalid' })
    await stack.startWorker()
    const email = newAddress()
    const { id } = await signUp(email, stack.appUrl)
    await until(stack, id, ({ status }) => status === 'failed')
    await stack.setProvider({ mode: 'ok' })
    expect(await run('worker/redrive.ts')).toBe(0)
    await until(stack, id, isDelivered)

    expect(await run('worker/erase.ts', email)).toBe(0)
    await waitFor(async () => (await stack.query('SELECT FROM "User"')).length === 0)
  },
)

test('npm run demo whose reader stands still, and then goes away: people are served, and Ctrl-C ends it', {
  tag: '@long',
}, async () => {
  const { outputDir } = test.info()
  await using reader = await startReader(outputDir)
  const env: Env = {
    ...{
      SANDBOX_DIR: path.join(outputDir, 'sandbox'),
      SANDBOX_FRESH: '1',
      SANDBOX_LATENCY_MS: '20',
      PORT: '0',
    },
    ...{ DATABASE_URL: '', RESEND_API_KEY: '', APP_URL: '' },
  }
  const args = ['--import', 'tsx', 'sandbox/run.ts', 'demo']
  const runner = await startProcess(args, /^ {2}Stop /m, env, { reader })
  const url = /^READY (\S+)$/m.exec(runner.output())?.[1] ?? ''
  for (const stop of [reader.stall, reader.leave]) {
    await stop()
    const { id } = await signUp(newAddress(), url)
    await waitForSnapshot(id, isDelivered, url)
    reader.goOn()
  }
  await reader.leave()
  expect(await runner.kill('SIGINT')).toBe(0)
})
