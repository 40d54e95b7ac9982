import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'

export type Program = {
  pid: number
  /** All that it has printed so far. */
  output(): string
  isRunning(): boolean
  /** Sends a signal and waits for the end. Returns the exit code, null when the signal ended it. */
  end(signal?: NodeJS.Signals): Promise<number | null>
  /** Its exit code. */
  ended: Promise<number | null>
}

type Options = {
  /** All variables of the program except PATH. The variables of this process must not help it. */
  env?: Record<string, string>
  cwd?: string
  /** The account that it runs as, where we may choose. */
  user?: Account
  isReady?: (output: string) => boolean | Promise<boolean>
  /** Whether to print its output. */
  echo?: boolean
}

export type Account = { uid: number; gid: number }

const running = new Set<Program>()

for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => void endPrograms().then(() => process.exit(1)))

/** Starts a program, and waits until it is ready. */
export async function startProgram(command: string[], options: Options = {}): Promise<Program> {
  const [file = '', ...args] = command
  const { env = {}, cwd, user, isReady = () => true, echo = false } = options
  const child = spawn(file, args, {
    cwd,
    env: { PATH: process.env.PATH, ...env } as unknown as NodeJS.ProcessEnv,
    ...user,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output += chunk
      if (echo) process.stdout.write(chunk)
    })
  }
  const ended = once(child, 'exit').then(([code]) => code as number | null)
  const program: Program = {
    pid: child.pid as number,
    output: () => output,
    isRunning: () => child.exitCode === null && child.signalCode === null,
    async end(signal = 'SIGTERM') {
      running.delete(program)
      if (program.isRunning()) child.kill(signal)
      return await ended
    },
    ended,
  }
  running.add(program)
  for (const end = Date.now() + 180_000; !(await isReady(output)); await sleep(50)) {
    if (!program.isRunning()) throw new Error(`${command.join(' ')} ended:\n${output}`)
    if (Date.now() > end) throw new Error(`${command.join(' ')} is not ready:\n${output}`)
  }
  return program
}

/** Runs a program to its end. @throws with what it has printed, unless it ends with 0 */
export async function runProgram(command: string[], options: Options = {}): Promise<string> {
  const program = await startProgram(command, options)
  const code = await program.ended
  running.delete(program)
  if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}:\n${program.output()}`)
  return program.output()
}

/** Ends all that still runs, the last one first: by the signal that means "now, but in order" to all of them. */
export async function endPrograms(): Promise<void> {
  for (const program of [...running].reverse()) {
    const impatience = setTimeout(() => process.kill(program.pid, 'SIGKILL'), 15_000)
    await program.end('SIGINT')
    clearTimeout(impatience)
  }
}
