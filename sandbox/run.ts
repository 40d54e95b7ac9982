/*
 * npm run dev, npm run demo
 * npm run demo -- --no-worker    without a worker; to start one in another terminal: npm run demo:worker
 * npm run demo -- --stage        for a talk: an empty database, no worker, and the link for the projector // stage
 * npm run demo -- --share        open to the phones in the same network; --share=ADDRESS chooses the network
 * npm run dev -- --host 0.0.0.0  listens on this address, for a container or another computer
 *
 * Runs everything on one computer: Postgres, a stand-in for Resend, the web server and the worker. The app finds its
 * database and its email provider by the environment only.
 */
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, watchFile } from 'node:fs'
import { mkdir, realpath, rm, writeFile } from 'node:fs/promises'
import { isIPv6 } from 'node:net'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { env, isLoopback, loadEnvFiles } from '../lib/env'
import { readArguments } from '../lib/ops/arguments'
import { hmac } from '../lib/sign' // stage
import { count, printBanner } from './banner'
import { isBuilt } from './build'
import { BUNDLE } from './bundle'
import { dismissReaper } from './guard'
import { emptyIfOutdated } from './history'
import { lockSandbox } from './lock'
import { isOurVisit, OURS } from './own-visits'
import { findPort, reservePort } from './ports'
import { startPostgres } from './postgres'
import { SCRIPTS_SKIPPED } from './postgres-tools'
import { recentLines, say, startProgram } from './programs'
import { startResend } from './resend'
import { readSettings } from './settings'
import { readShare } from './share'
import { listenForStop } from './stop-signal'
import { createSupervisor } from './supervisor'
import { startTraceReceiver } from './traces'
import { openSignup, warmUp } from './warm-up'

const WORKER = ['--enable-source-maps', `${BUNDLE}/index.mjs`]

/** Restarts at each change. It watches the folder, because a new handler is not imported yet. */
const DEV_WORKER = [
  'node_modules/tsx/dist/cli.mjs',
  ...['watch', '--clear-screen=false', '--include=worker/**/*.ts'],
  'sandbox/dev-worker.ts',
]

const USAGE = [
  'npm run dev | demo [-- --no-worker]',
  '[--stage]', // stage
  '[--host ADDRESS] [--share[=ADDRESS]]',
]
const { values: flags, positionals } = readArguments(
  USAGE.join(' '),
  {
    'no-worker': { type: 'boolean' },
    stage: { type: 'boolean' }, // stage
    host: { type: 'string' },
    share: { type: 'string' },
  },
  ([mode = '', ...more]) => ['dev', 'demo'].includes(mode) && more.length === 0,
  process.argv.slice(2).map((argument) => (argument === '--share' ? '--share=' : argument)),
)
const dev = positionals[0] === 'dev'
if (flags['no-worker']) process.env.SANDBOX_WORKERS = '0'
// A rehearsal must not spoil the show. // stage
if (flags.stage) Object.assign(process.env, { SANDBOX_FRESH: 'true', SANDBOX_WORKERS: '0' }) // stage
const stopping = listenForStop()
const { signal } = stopping
const cleanup: (() => unknown)[] = []

try {
  await start()
  if (!signal.aborted) await once(signal, 'abort')
} catch (error) {
  if (!signal.aborted) stopping.abort(error)
}
if (signal.reason instanceof Error) {
  say(signal.reason.message)
  // Playwright shows only stderr of its web server.
  if (!process.stdout.isTTY) console.error(recentLines().join('\n'))
  process.exitCode = 1
}
for (const step of cleanup.reverse()) await step()
await dismissReaper()
process.exit()

async function start(): Promise<void> {
  // 1. The settings, from the same `.env` files that Next reads.
  Object.assign(process.env, { NODE_ENV: dev ? 'development' : 'production', NEXT_TELEMETRY_DISABLED: '1' })
  loadEnvFiles()
  const settings = readSettings()
  const share = flags.share === undefined ? undefined : readShare(flags.share)
  if (share && dev) throw new Error('--share needs a production build: npm run demo -- --share')
  if (!existsSync('lib/generated'))
    throw new Error(`There is no Prisma client in lib/generated. ${SCRIPTS_SKIPPED}`)

  // 2. One runner for each folder, a build, and a port for the app.
  await mkdir(settings.SANDBOX_DIR, { recursive: true })
  const dir = await realpath(settings.SANDBOX_DIR)
  const lock = await lockSandbox(dir, () => process.env.APP_URL ?? '')
  cleanup.push(() => lock.close())
  const envFile = path.join(dir, 'env')
  // A runner that was killed leaves its file.
  await rm(envFile, { force: true })
  // After the lock: a build replaces the files of a server that runs.
  if (!dev && !isBuilt()) {
    say('The sources have changed since the last build: building …')
    console.error('Building the app: the sources have changed since the last build.')
    await runToEnd('build', ['--import', 'tsx', 'sandbox/build.ts'], 'The app could not be built')
  }
  const { port, release } = await reservePort(settings.PORT)
  if (settings.PORT && port !== settings.PORT) say(`Port ${settings.PORT} is taken: using ${port}.`)
  const host = share?.host ?? flags.host ?? '127.0.0.1'
  const localUrl = `http://${share?.address ?? toName(host)}:${port}`
  // Behind a tunnel or a forwarded port, people reach the app by another address.
  const appUrl = (!share && process.env.APP_URL && env('APP_URL')) || localUrl
  if (appUrl !== localUrl && !isLoopback(new URL(localUrl).hostname))
    throw new Error(`APP_URL is another address than ${host}: listen on all addresses, with --host 0.0.0.0`)
  process.env.APP_URL = appUrl
  // Without APP_SECRET the sandbox's API key signs, and that key is public.
  const isOpen = share !== undefined || !/^(127\.|::1$|localhost$)/.test(host)
  if (isOpen) process.env.APP_SECRET ||= randomBytes(32).toString('base64url')
  // Without a token of its own, `/api/health` would show its details to the room.
  if (isOpen) process.env.OPERATOR_TOKEN ||= randomBytes(32).toString('base64url')
  if (share) process.env.PRESENTER_TOKEN = randomBytes(32).toString('base64url') // stage
  // An export takes milliseconds. The pause gives time to watch it, to cancel it, or to kill its worker. // orders
  process.env.EXPORT_PAUSE_MS ||= `${settings.SANDBOX_LATENCY_MS / 2}` // orders
  process.env.LOG_FORMAT ||= 'text'
  // The sandbox sends no real mail. // orders
  process.env.INVITATIONS_PER_USER ||= '100' // orders

  // 3. A database, unless there is one.
  const database = createSupervisor(stopping)
  cleanup.push(database.stopAll)
  if (!process.env.DATABASE_URL) {
    say('Starting Postgres …')
    const options = {
      dir: path.join(dir, 'postgres'),
      port: await findPort(0),
      fresh: settings.SANDBOX_FRESH,
    }
    const { url } = await database.keep('postgres', () => startPostgres(options))
    process.env.DATABASE_URL = url
    options.fresh = false
    if (await emptyIfOutdated(url)) say('The database has migrations that this folder lacks: it begins anew.')
  }

  // 4. An email provider, unless there is a key for the real one.
  if (!process.env.RESEND_API_KEY) {
    say('Starting a stand-in for Resend …')
    const webhookSecret = `whsec_${randomBytes(32).toString('base64')}`
    const webhookUrl = `${localUrl}/api/webhooks/resend`
    const sandboxKey = randomBytes(32).toString('base64url')
    const resend = await startResend({
      sandboxKey,
      latencyMs: settings.SANDBOX_LATENCY_MS,
      rateLimit: settings.SANDBOX_RATE_LIMIT,
      webhookUrl,
      webhookSecret,
    })
    cleanup.push(resend.stop)
    Object.assign(process.env, {
      RESEND_API_KEY: settings.SANDBOX_API_KEY,
      RESEND_BASE_URL: resend.url,
      RESEND_WEBHOOK_SECRET: webhookSecret,
      SANDBOX_KEY: sandboxKey,
    })
  }

  // 5. A collector for traces, unless there is one.
  if (settings.SANDBOX_TRACES && !process.env.OTEL_EXPORTER_OTLP_ENDPOINT) {
    const receiver = await startTraceReceiver()
    cleanup.push(receiver.stop)
    // The default is 5 s, which is too late for a page that shows them.
    const soon = { OTEL_BSP_SCHEDULE_DELAY: '250' }
    Object.assign(process.env, { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, ...soon })
  }
  await writeEnvFile(envFile)
  cleanup.push(() => rm(envFile, { force: true }))

  // 6. The tables and queues.
  signal.throwIfAborted()
  say('Creating new tables and queues …')
  await runToEnd('migrate', ['--import', 'tsx', 'prisma/migrate.ts'], 'The database could not be migrated')

  // 7. The app: a web server, and the workers.
  const { SANDBOX_WORKERS: workers } = settings
  say(`Starting the web server and ${count(workers, 'worker')} …`)
  const app = createSupervisor(stopping)
  cleanup.push(app.stopAll)
  const nextBin = 'node_modules/next/dist/bin/next'
  await release()
  const web = [nextBin, dev ? 'dev' : 'start', '-p', `${port}`, '-H', host]
  await app.keep('web', async () => startProgram('web', web, (line) => !isOurVisit(line)))
  for (let number = 1; number <= workers; number++) {
    const name = workers > 1 ? `worker ${number}` : 'worker'
    await app.keep(name, async () => startProgram(name, dev ? DEV_WORKER : WORKER))
  }

  // 8. From here on, a program that ends is restarted.
  await openSignup(localUrl, signal)
  await waitUntilHealthy(localUrl, workers)
  database.becomeReady()
  app.becomeReady()
  console.log(`READY ${appUrl}`)
  await printBanner({
    appUrl,
    envFile,
    dev,
    workers,
    host: isOpen ? host : undefined,
    shared: share !== undefined,
  })
  const link = share ? `presenter#${hmac('presenter', `${process.env.PRESENTER_TOKEN}`)}` : '?stage' // stage
  if (share || flags.stage) console.log(`  Present  ${appUrl}/${link}\n`) // stage
  warmUp(localUrl, signal).catch(() => {})
  const mode = process.env.NODE_ENV
  for (const file of ['.env', '.env.local', `.env.${mode}`, `.env.${mode}.local`])
    watchFile(file, { interval: 1_000 }, (now, before) => {
      // For a file that is missing, Node calls this once.
      if (now.mtimeMs !== before.mtimeMs)
        say(`${file} has changed. The settings are read at the start: stop with Ctrl-C, and start again.`)
    })
}

/** The name by which this computer reaches what listens on this address. */
function toName(host: string): string {
  if (['127.0.0.1', '0.0.0.0', '::'].includes(host)) return 'localhost'
  return isIPv6(host) ? `[${host}]` : host
}

/** Runs a Node program to its end. @throws unless it ends with 0 */
async function runToEnd(name: string, args: string[], failure: string): Promise<void> {
  const program = startProgram(name, args)
  signal.addEventListener('abort', program.stop)
  const end = await program.ended
  signal.removeEventListener('abort', program.stop)
  if (end !== 'exit 0') throw new Error(`${failure} (${end}).`)
}

/** Writes the settings for other terminals. The key of a real provider is left out. */
async function writeEnvFile(file: string): Promise<void> {
  const names = [
    'DATABASE_URL',
    // Another terminal may have other values, for another database.
    ...['PGSSLMODE', 'PGSSLNEGOTIATION'],
    'RESEND_BASE_URL',
    'RESEND_WEBHOOK_SECRET',
    'SANDBOX_KEY',
    'OPERATOR_TOKEN',
    'APP_URL',
    'EXPORT_PAUSE_MS', // orders
    'INVITATIONS_PER_USER', // orders
    'LOG_FORMAT',
    'OTEL_EXPORTER_OTLP_ENDPOINT',
    'OTEL_BSP_SCHEDULE_DELAY',
  ]
  if (process.env.RESEND_API_KEY === readSettings().SANDBOX_API_KEY)
    names.push('RESEND_API_KEY', 'APP_SECRET')
  const lines = names.flatMap((name) => {
    const value = process.env[name]
    return value ? `${name}=${quote(value)}\n` : []
  })
  await writeFile(file, lines.join(''), { mode: 0o600 })
}

/** In single quotes, Node and a shell read every character as it is. The other marks are for Node. */
function quote(value: string): string {
  const mark = ["'", '"', '`'].find((mark) => !value.includes(mark)) ?? ''
  return mark + value + mark
}

async function waitUntilHealthy(appUrl: string, workers: number): Promise<void> {
  const url = `${appUrl}/api/health?${OURS}`
  const patience = setInterval(() => say(`Waiting for ${url} to report ${workers} workers.`), 20_000)
  const isHealthy = async (): Promise<boolean> => {
    const response = await fetch(url, { signal })
    return response.ok && (await response.json()).workers >= workers
  }
  while (!(await isHealthy().catch(() => false))) await sleep(200, undefined, { signal })
  clearInterval(patience)
}
