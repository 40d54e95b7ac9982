/*
 * npm run test:smoke
 *
 * The first minute on any system: `npm run dev` gets ready, a signup is delivered, and Ctrl-C leaves nothing behind.
 */
import { readFileSync } from 'node:fs'
import { parseEnv } from 'node:util'
import { isDelivered, signUp, waitForSnapshot } from './app'
import { isListening, startProcess, waitFor } from './stack'

const dev = await startProcess(['--import', 'tsx', 'sandbox/run.ts', 'dev'], /READY \S+/, {
  SANDBOX_DIR: 'test-results/smoke',
  SANDBOX_FRESH: '1',
  SANDBOX_LATENCY_MS: '100',
  PORT: '0',
  DATABASE_URL: '',
  RESEND_API_KEY: '',
  APP_URL: '',
})
const [, url = ''] = /READY (\S+)/.exec(dev.output()) ?? []
const { DATABASE_URL = '', RESEND_BASE_URL = '' } = parseEnv(readFileSync('test-results/smoke/env', 'utf8'))
const email = await signUp(undefined, url)
await waitForSnapshot(email.id, isDelivered, url)
console.log(`A signup at ${url} was delivered.`)

const code = await dev.kill('SIGINT')
// Windows cannot send a signal: it ends the runner at once, and the reaper ends the other processes.
if (code !== 0 && process.platform !== 'win32') throw new Error(`Ctrl-C ended the runner with ${code}.`)
for (const server of [url, RESEND_BASE_URL, DATABASE_URL])
  await waitFor(async () => !(await isListening(server)))
console.log('Ctrl-C ended the web server, the mail service and Postgres.')
process.exit()
