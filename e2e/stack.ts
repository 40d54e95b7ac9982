import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { parseEnv } from 'node:util'
import { Client } from 'pg'

/*
 * Real processes for tests that hurt them: a whole installation of its own (database, mail service, web server) on
 * which a test may kill, stop and start whatever it likes.
 */
export type Stack = {
  appUrl: string
  databaseUrl: string
  resendUrl: string
  env: Record<string, string>
  /** Starts one more worker. */
  startWorker(): Promise<Process>
  /** Starts one more web server, on the given port. */
  startWeb(port: number): Promise<Process>
  /** Sets the weather at the mail service: mode, answer time. Returns what it has counted. */
  setProvider(settings: { mode?: string; latencyMs?: number }): Promise<ProviderCounts>
  /** Kills the extra processes and sets fair weather. */
  reset(): Promise<void>
  stop(): Promise<void>
}

export type ProviderCounts = {
  calls: number
  accepted: number
  /** By idempotency key. */
  emails: Record<string, { calls: number; accepted: number }>
}

export type Process = {
  pid: number
  /** All that it has printed so far. */
  output(): string
  /** Sends a signal and waits for the end. Returns the exit code, null when the signal ended it. */
  kill(signal: NodeJS.Signals): Promise<number | null>
}

/** Starts the runner with a database of its own and without a worker: tests start and kill their own. */
export async function startStack(name: string): Promise<Stack> {
  const folder = path.resolve('test-results', name)
  const runner = await startProcess(['--import', 'tsx', 'sandbox/run.ts', 'demo'], /READY \S+/, {
    SANDBOX_DIR: folder,
    SANDBOX_FRESH: '1',
    SANDBOX_WORKERS: '0',
    SANDBOX_LATENCY_MS: '20',
    PORT: '0',
  })
  const env = parseEnv(await readFile(path.join(folder, 'env'), 'utf8')) as Record<string, string>
  const { APP_URL: appUrl = '', DATABASE_URL: databaseUrl = '', RESEND_BASE_URL: resendUrl = '' } = env
  const extras: Process[] = []
  const start = async (args: string[], ready: RegExp, extraEnv = {}): Promise<Process> => {
    const extra = await startProcess(args, ready, { ...env, ...extraEnv })
    extras.push(extra)
    return extra
  }
  const setProvider: Stack['setProvider'] = async (settings) => {
    const response = await fetch(`${resendUrl}/sandbox`, { method: 'PUT', body: JSON.stringify(settings) })
    if (!response.ok) throw new Error(await response.text())
    return await response.json()
  }
  const reset = async (): Promise<void> => {
    await Promise.all(extras.splice(0).map((extra) => extra.kill('SIGKILL')))
    await setProvider({ mode: 'ok', latencyMs: 20 })
  }
  return {
    appUrl,
    databaseUrl,
    resendUrl,
    env,
    startWorker: () => start(['--import', 'tsx', 'worker/index.ts'], /Ready for jobs/),
    startWeb: (port) => start(['node_modules/next/dist/bin/next', 'start', '-p', String(port)], /Ready in/),
    setProvider,
    reset,
    async stop() {
      await reset()
      await runner.kill('SIGTERM')
    },
  }
}

/** Starts a Node program and waits until it prints `ready`. */
export async function startProcess(
  args: string[],
  ready: RegExp,
  env: Record<string, string>,
): Promise<Process> {
  const child = spawn(process.execPath, args, { env: { ...process.env, NODE_ENV: 'production', ...env } })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk))
  const exit = once(child, 'exit') as Promise<[number | null]>

  await Promise.race([
    waitFor(() => ready.test(output)),
    exit.then(([code]) => Promise.reject(new Error(`${args.join(' ')} ended with ${code}:\n${output}`))),
  ])
  return {
    pid: child.pid as number,
    output: () => output,
    async kill(signal) {
      if (isRunning(child)) child.kill(signal)
      const [code] = await exit
      return code
    },
  }
}

function isRunning(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null
}

/** Waits until the condition holds; the test's own time limit is the limit. */
export async function waitFor(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 20))
}

/** Runs one SQL statement on a connection of its own. */
export async function query<Row>(databaseUrl: string, sql: string, values: unknown[] = []): Promise<Row[]> {
  const client = new Client({ connectionString: databaseUrl })
  await client.connect()
  try {
    return (await client.query(sql, values)).rows
  } finally {
    await client.end()
  }
}
