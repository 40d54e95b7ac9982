import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
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
  startWorker(): Promise<Process>
  stop(): Promise<void>
}

export type Process = {
  pid: number
  /** All that it has printed so far. */
  output(): string
  /** Sends a signal and waits for the end. Returns the exit code, null when the signal ended it. */
  kill(signal: NodeJS.Signals): Promise<number | null>
}

/** Starts the runner with a database of its own and without a worker: tests start and kill their own. */
export async function startStack(name: string, options: { latencyMs?: number } = {}): Promise<Stack> {
  const folder = path.resolve('test-results', name)
  const runner = await startProcess(['--import', 'tsx', 'sandbox/run.ts', 'demo'], /READY \S+/, {
    SANDBOX_DIR: folder,
    SANDBOX_FRESH: '1',
    SANDBOX_WORKERS: '0',
    SANDBOX_LATENCY_MS: String(options.latencyMs ?? 20),
    PORT: '3300',
  })
  const env = parseEnvFile(await readFile(path.join(folder, 'env'), 'utf8'))
  const { APP_URL: appUrl = '', DATABASE_URL: databaseUrl = '', RESEND_BASE_URL: resendUrl = '' } = env
  const workers: Process[] = []
  return {
    appUrl,
    databaseUrl,
    resendUrl,
    env,
    async startWorker() {
      const worker = await startProcess(['--import', 'tsx', 'worker/index.ts'], /Ready for jobs/, env)
      workers.push(worker)
      return worker
    },
    async stop() {
      await Promise.all(workers.map((worker) => worker.kill('SIGKILL')))
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

function parseEnvFile(text: string): Record<string, string> {
  return Object.fromEntries(
    text
      .split('\n')
      .filter((line) => line.includes('='))
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  )
}
