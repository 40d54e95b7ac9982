/*
 * npm run test:smoke
 *
 * The first minute on any system: `npm run dev` gets ready, a signup is delivered, and Ctrl-C leaves nothing behind.
 */
import { mkdirSync, openSync, readFileSync } from 'node:fs'
import { parseEnv } from 'node:util'
import { readArguments } from '../lib/ops/arguments'
import { isDelivered, signUp, waitForSnapshot } from './app'
import { isListening, startProcess, waitFor } from './stack'

readArguments('npm run test:smoke', {})
const LOG = 'test-results/smoke.log'
mkdirSync('test-results', { recursive: true })
const reader = { fd: openSync(LOG, 'w'), text: () => readFileSync(LOG, 'utf8') }
process.on('exit', (code) => {
  if (code) console.error(reader.text())
})

// A hang ends after eight minutes. The abort stops the runner, which has some seconds to stop its programs.
const signal = AbortSignal.timeout(480_000)
signal.addEventListener('abort', () => {
  console.error('Not done after eight minutes. The output of the runner:')
  setTimeout(() => process.exit(1), 20_000)
})

const settings = {
  SANDBOX_DIR: 'test-results/smoke',
  SANDBOX_FRESH: '1',
  SANDBOX_LATENCY_MS: '100',
  PORT: '0',
  DATABASE_URL: '',
  RESEND_API_KEY: '',
  APP_URL: '',
}
const run = ['--import', 'tsx', 'sandbox/run.ts', 'dev']
const dev = await startProcess(run, /READY \S+/, settings, { reader, signal })
const [, url = ''] = /READY (\S+)/.exec(dev.output()) ?? []
const { DATABASE_URL = '', RESEND_BASE_URL = '' } = parseEnv(readFileSync('test-results/smoke/env', 'utf8'))
const email = await signUp(undefined, url)
await waitForSnapshot(email.id, isDelivered, url)
console.log(`A signup at ${url} was delivered.`)

const code = await dev.kill('SIGINT')
// Windows has no signals: this ends the runner at once, and the reaper ends the other processes.
const isWindows = process.platform === 'win32'
if (code !== 0 && !isWindows) throw new Error(`Ctrl-C ended the runner with ${code}.`)
for (const server of [url, RESEND_BASE_URL, DATABASE_URL])
  await waitFor(async () => !(await isListening(server)))
const end = isWindows ? 'The end of the runner' : 'Ctrl-C'
console.log(`${end} ended the web server, the mail service and Postgres.`)
process.exit()
