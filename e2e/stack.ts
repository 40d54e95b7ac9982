import './ignore-env-file'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { connect } from 'node:net'
import path from 'node:path'
import { parseEnv } from 'node:util'
import { Pool } from 'pg'
import { BUNDLE, bundleWorker, type PROGRAMS } from '../sandbox/bundle'
import { findPort as findPortFrom } from '../sandbox/ports'

/*
 * Real processes for tests that hurt them: a whole installation of its own (database, mail service, web server). A test
 * may kill, stop and start any part of it.
 */
export type Stack = {
  appUrl: string
  databaseUrl: string
  resendUrl: string
  env: Env
  /** Runs one SQL statement on the stack's database. */
  query<Row>(sql: string, values?: unknown[]): Promise<Row[]>
  /** Starts one more worker. */
  startWorker(env?: Env, reader?: OutputReader): Promise<Process>
  /** Starts one more web server, on a free port unless one is given. */
  startWeb(options?: { port?: number; env?: Env; reader?: OutputReader }): Promise<Web>
  /** Runs a Node program to its end. */
  run(args: string[], env?: Env): Promise<{ code: number | null; output: string }>
  /** Starts a worker of another project, a copy of this one with something added. It logs in JSON. */
  startWorkerOf(project: string, env?: Env): Promise<Process>
  /** Runs a command of the operator to its end: `pace pause` is `npm run pause`. */
  command(
    name: (typeof PROGRAMS)[number],
    ...args: string[]
  ): Promise<{ code: number | null; output: string }>
  /** `npm run redrive -- …` */
  redrive(...args: string[]): Promise<{ code: number | null; output: string }>
  /** A request to the mail service with the key of its sandbox, for `/sandbox` and the mails it has taken. */
  askProvider(path: string, init?: RequestInit): Promise<Response>
  /** Sets the weather at the mail service: mode, answer time, requests a second (0: no limit). Returns what it has counted. */
  setProvider(settings: { mode?: string; latencyMs?: number; rateLimit?: number }): Promise<ProviderCounts>
  /**
   * Ends Postgres and waits until it is gone: SIGINT breaks off all sessions ("fast"), SIGQUIT saves nothing more
   * ("immediate"). The runner starts it again a second later.
   */
  killPostgres(signal: 'SIGINT' | 'SIGQUIT'): Promise<void>
  /**
   * Ends Postgres ("fast") and has it stay away while `act` runs: the runner, which would start it again, stands still, and the
   * mail service, which is a part of it, too.
   */
  withoutPostgres<Result>(act: () => Promise<Result>): Promise<Result>
  /** All output of the processes since the last reset, and all output ever of the runner with its own (web, mail service). */
  output(): string
  /** Waits until Postgres takes connections. */
  untilPostgresIsBack(): Promise<void>
  /** Kills the extra processes, forgets all signups and sets fair weather. */
  reset(): Promise<void>
  stop(): Promise<void>
}

export type Env = Record<string, string>

export type ProviderCounts = {
  calls: number
  accepted: number
  /** Calls beyond the limit. */
  refused: number
  /** By the id of the email: calls that were not refused, and mails. */
  emails: Record<string, { calls: number; accepted: number }>
}

/** Reads a program's standard output and error, in the place of this process. */
type OutputReader = { fd: number; text(): string }

export type Web = Process & { url: string; port: number }

/** How `next start` ends after a SIGTERM: by its own exit, or because there is nothing left to do. */
export const WEB_EXIT_CODES: unknown[] = [143, 0]

export type Process = {
  pid: number
  /** All that it has printed so far. */
  output(): string
  isRunning(): boolean
  /** Sends a signal and waits for the end. Returns the exit code, null when the signal ended it. */
  kill(signal: NodeJS.Signals): Promise<number | null>
}

/**
 * Starts the runner with a database of its own and without a worker: tests start and kill their own.
 * @param settings of the app, for each of its processes
 */
export async function startStack(name: string, flags: string[] = [], settings: Env = {}): Promise<Stack> {
  const folder = path.resolve('test-results', name)
  const { RESEND_API_KEY = '' } = settings
  const runner = await startProcess(['--import', 'tsx', 'sandbox/run.ts', 'demo', ...flags], /READY \S+/, {
    ...settings,
    SANDBOX_DIR: folder,
    SANDBOX_API_KEY: RESEND_API_KEY,
    SANDBOX_FRESH: '1',
    SANDBOX_WORKERS: '0',
    SANDBOX_LATENCY_MS: '20',
    SANDBOX_RATE_LIMIT: '0',
    SANDBOX_TRACES: 'false',
    OTEL_EXPORTER_OTLP_ENDPOINT: '',
    PORT: '0',
    // Overrides a developer's shell, because the tests may hurt and empty only what is the stack's own.
    DATABASE_URL: '',
    RESEND_API_KEY: '',
    // Playwright sets it to the shared app's.
    APP_URL: '',
  })
  const env = { ...settings, ...parseEnv(await readFile(path.join(folder, 'env'), 'utf8')) } as Env
  const { APP_URL: appUrl = '', DATABASE_URL: databaseUrl = '', RESEND_BASE_URL: resendUrl = '' } = env
  const extras: Process[] = []
  const start = async (
    args: string[],
    ready: RegExp,
    extraEnv?: Env,
    options: { reader?: OutputReader; cwd?: string } = {},
  ): Promise<Process> => {
    const extra = await startProcess(args, ready, { ...env, ...extraEnv }, options)
    extras.push(extra)
    return extra
  }
  const startWeb: Stack['startWeb'] = async ({ port, env, reader } = {}) => {
    port ??= await findPort()
    const { scripts } = JSON.parse(await readFile('package.json', 'utf8'))
    const args = ['node_modules/next/dist/bin/next', ...scripts.start.split(' ').slice(1), '-p', `${port}`]
    const web = await start(args, /Ready in/, env, { reader })
    return { ...web, port, url: `http://localhost:${port}` }
  }
  const askProvider: Stack['askProvider'] = (path, init) => askSandbox(env, path, init)
  const setProvider: Stack['setProvider'] = async (settings) => {
    const response = await askProvider('/sandbox', { method: 'PUT', body: JSON.stringify(settings) })
    if (!response.ok) throw new Error(await response.text())
    return await response.json()
  }
  const takesConnections = (): Promise<boolean> =>
    query(databaseUrl, 'SELECT 1').then(
      () => true,
      () => false,
    )
  const untilPostgresIsBack = (): Promise<void> => waitFor(takesConnections)
  const readPostgresPid = async (): Promise<number> => {
    const [row] = await query<{ data_directory: string }>(databaseUrl, 'SHOW data_directory')
    return Number.parseInt(await readFile(path.join(row?.data_directory ?? '', 'postmaster.pid'), 'utf8'), 10)
  }
  const reset = async (): Promise<void> => {
    await Promise.all(extras.splice(0).map((extra) => extra.kill('SIGKILL')))
    await untilPostgresIsBack()
    // One transaction. A signup that is under way commits before it, so none is left without its job.
    await query(
      databaseUrl,
      'LOCK TABLE "User" IN SHARE ROW EXCLUSIVE MODE; DELETE FROM "User"; DELETE FROM pgboss.job',
    )
    for (const table of ['Session', 'SuppressedMailbox', 'SpentKey', 'CleanUp'])
      await query(databaseUrl, `DELETE FROM "${table}"`)
    await query(databaseUrl, 'UPDATE "Sweep" SET "checkedUntil" = now(), repaired = 0')
    // A killed worker would count as alive for five seconds more.
    await query(databaseUrl, 'DELETE FROM pgboss.instance')
    await query(databaseUrl, 'DELETE FROM "Batch"')
    await query(databaseUrl, 'DELETE FROM "Pace"')
    await query(databaseUrl, 'DELETE FROM "RateLimit"')
    await setProvider({ mode: 'ok', latencyMs: 20, rateLimit: 0 })
  }
  return {
    appUrl,
    databaseUrl,
    resendUrl,
    env,
    query: (sql, values) => query(databaseUrl, sql, values),
    startWorker: (extraEnv, reader) =>
      start(['--enable-source-maps', ...programOf('worker/index.ts')], /Ready for jobs/, extraEnv, {
        reader,
      }),
    async startWorkerOf(project, extraEnv) {
      const program = path.join(project, BUNDLE, 'index.mjs')
      await bundleWorker(path.dirname(program), project)
      const env = { LOG_FORMAT: 'json', ...extraEnv }
      return await start(['--enable-source-maps', program], /Ready for jobs/, env, { cwd: project })
    },
    startWeb,
    run: (args, extraEnv) => runToEnd(args, { ...env, ...extraEnv }),
    command: (name, ...args) => runToEnd([...programOf(`worker/${name}.ts`), ...args], env),
    redrive: (...args) => runToEnd([...programOf('worker/redrive.ts'), ...args], env),
    askProvider,
    setProvider,
    async killPostgres(signal) {
      const pid = await readPostgresPid()
      process.kill(pid, signal)
      await waitFor(() => !isAlive(pid))
    },
    async withoutPostgres(act) {
      const pid = await readPostgresPid()
      process.kill(runner.pid, 'SIGSTOP')
      try {
        process.kill(pid, 'SIGINT')
        await waitFor(async () => !(await takesConnections()))
        return await act()
      } finally {
        process.kill(runner.pid, 'SIGCONT')
        await untilPostgresIsBack()
      }
    },
    output: () => [runner, ...extras].map((process) => process.output()).join('\n'),
    untilPostgresIsBack,
    reset,
    async stop() {
      await reset()
      await runner.kill('SIGTERM')
    },
  }
}

/** How Node runs a program: from the bundle if it is in there, because that takes a quarter of the time. */
export function programOf(file: string): string[] {
  const [, name] = /^worker\/(\w+)\.ts$/.exec(file) ?? []
  return name ? [path.resolve(BUNDLE, `${name}.mjs`)] : ['--import', 'tsx', file]
}

/** Starts a Node program and waits until it prints `ready`. */
export async function startProcess(
  args: string[],
  ready: RegExp,
  env: Env,
  options: Options = {},
): Promise<Process> {
  const { child, output, exit } = spawnNode(args, env, options)
  await Promise.race([
    waitFor(() => ready.test(output())),
    exit.then(([code]) => Promise.reject(new Error(`${args.join(' ')} ended with ${code}:\n${output()}`))),
  ])
  return {
    pid: child.pid as number,
    output,
    isRunning: () => isRunning(child),
    async kill(signal) {
      if (isRunning(child)) child.kill(signal)
      const [code] = await exit
      return code
    },
  }
}

/** Runs a Node program to its end. */
export async function runToEnd(
  args: string[],
  env: Env,
  options: Options = {},
): Promise<{ code: number | null; output: string }> {
  const { output, exit } = spawnNode(args, env, options)
  const [code] = await exit
  return { code, output: output() }
}

type Spawned = { child: ChildProcess; output(): string; exit: Promise<[number | null]> }

type Options = { cwd?: string; reader?: OutputReader; signal?: AbortSignal }

// Before Node 22, V8 compiles all of Prisma's WebAssembly at each start, and optimizes it: half of the time that a start takes.
const FLAGS = Number.parseInt(process.versions.node, 10) < 22 ? ['--liftoff-only'] : []

function spawnNode(args: string[], env: Env, { cwd, reader, signal }: Options): Spawned {
  const child = spawn(process.execPath, [...FLAGS, ...args], {
    cwd,
    signal,
    env: { ...process.env, NODE_ENV: 'production', ...env },
    stdio: reader ? ['ignore', reader.fd, reader.fd] : 'pipe',
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (output += chunk))
  return {
    child,
    output: reader?.text ?? (() => output),
    exit: once(child, 'close') as Promise<[number | null]>,
  }
}

/** A request to the stand-in for Resend with the key of its sandbox. */
export function askSandbox(
  { RESEND_BASE_URL, SANDBOX_KEY }: Record<string, string | undefined>,
  path: string,
  init?: RequestInit,
): Promise<Response> {
  return fetch(RESEND_BASE_URL + path, { ...init, headers: { authorization: `Bearer ${SANDBOX_KEY}` } })
}

/** A TCP port that is free, and that a server can have again after a restart. */
export const findPort = (): Promise<number> => findPortFrom(0)

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

function isRunning(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null
}

/** Whether a program accepts connections at the host and port of this URL. */
export async function isListening(url: string): Promise<boolean> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

/** Waits until the condition holds, up to the test's own time limit. It asks less and less often, because that costs time. */
export async function waitFor(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (let ms = 20; !(await condition()); ms = Math.min(1.5 * ms, 250))
    await new Promise((resolve) => setTimeout(resolve, ms))
}

/** How the tests' own connections are named, so that tests which cut all others can spare them. */
export const OURS = 'e2e'

const pools = new Map<string, Pool>()

/** Runs one SQL statement. Connections are kept: to open one for each statement would take half of the processor. */
export async function query<Row>(databaseUrl: string, sql: string, values: unknown[] = []): Promise<Row[]> {
  let pool = pools.get(databaseUrl)
  if (!pool) {
    pool = new Pool({ connectionString: databaseUrl, application_name: OURS, allowExitOnIdle: true })
    // The test may be ending Postgres at this moment. The next query reports that.
    pool.on('error', () => {})
    pools.set(databaseUrl, pool)
  }
  return (await pool.query(sql, values)).rows
}
