/*
 * npm run test:smoke
 *
 * The first minute on any system: `npm run dev` gets ready, a signup is delivered, and Ctrl-C leaves nothing behind.
 */
import { isDelivered, signUp, waitForSnapshot } from './app'
import { startProcess } from './stack'

const dev = await startProcess(['--import', 'tsx', 'sandbox/run.ts', 'dev'], /READY \S+/, {
  SANDBOX_DIR: 'test-results/smoke',
  SANDBOX_FRESH: '1',
  SANDBOX_LATENCY_MS: '100',
  PORT: '0',
  DATABASE_URL: '',
  RESEND_API_KEY: '',
  APP_URL: '',
})
const [, url] = /READY (\S+)/.exec(dev.output()) ?? []
const email = await signUp(undefined, url)
await waitForSnapshot(email.id, isDelivered, url)
const code = await dev.kill('SIGINT')
console.log(`A signup at ${url} was delivered. Ctrl-C ended everything with ${code}.`)
// Windows has no SIGINT to send: there the process is simply ended.
process.exit(code === 0 || process.platform === 'win32' ? 0 : 1)
