import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { onLostOutput } from '../lib/output'
import { guard } from './guard'
import { type Service, signalGroup, untilEnd } from './processes'

const GRACE_MS = 20_000

onLostOutput((lines) => say(`${lines} lines of this output are missing: it had no reader for some time.`))

/**
 * Runs a Node program and prints its lines, each after its name.
 * @param isWorthSaying for programs that talk too much
 */
export function startProgram(
  name: string,
  args: string[],
  isWorthSaying: (line: string) => boolean = () => true,
): Service {
  const child = spawn(process.execPath, args, {
    // A group of its own: Ctrl-C in the terminal reaches the runner only, and that stops things in order.
    detached: true,
    windowsHide: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  guard(child, 'SIGKILL')
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => isWorthSaying(line) && say(line, name))
  }

  const endGroup = (): void => {
    if (child.pid) signalGroup(child.pid, 'SIGKILL')
  }
  const ended = untilEnd(child).then((how) => {
    // A program that was killed has left its children behind.
    endGroup()
    return how
  })
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM')
    const impatience = setTimeout(endGroup, GRACE_MS)
    await ended
    clearTimeout(impatience)
  }
  return { ended, stop }
}

const recent: string[] = []

/** Prints a line in the name of a service. */
export function say(line: string, name = 'sandbox'): void {
  const text = `${name.padEnd(8)} │ ${line}`
  console.log(text)
  recent.push(text)
  if (recent.length > 40) recent.shift()
}

/** The last 40 lines that were printed: when the start fails, they tell why. */
export function recentLines(): string[] {
  return recent
}
