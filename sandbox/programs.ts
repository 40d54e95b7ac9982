import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { onLostOutput } from '../lib/output'
import { guard } from './guard'
import { type Service, signalGroup, untilEnd } from './processes'

const GRACE_MS = 20_000
const isWindows = process.platform === 'win32'

onLostOutput((lines) => say(`${lines} lines of this output are missing: it had no reader for some time.`))

/**
 * Starts a Node program and prints each of its lines with its name.
 * @param isWorthSaying filters the lines
 */
export function startProgram(
  name: string,
  args: string[],
  isWorthSaying: (line: string) => boolean = () => true,
): Service {
  const child = spawn(process.execPath, args, {
    // In a group of its own, so that a Ctrl-C reaches only the runner, which stops the programs in order. On Windows,
    // `windowsHide` gives the program a hidden console of its own, and a detached one's children would open windows.
    detached: !isWindows,
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
    // The children of a killed program may still run. On Windows, another process may have the id now.
    if (!isWindows) endGroup()
    return how
  })
  const stop = async (): Promise<void> => {
    // Windows has no signals. There, the program ends at once, with its children.
    if (isWindows) endGroup()
    else child.kill('SIGTERM')
    const impatience = setTimeout(endGroup, GRACE_MS)
    await ended
    clearTimeout(impatience)
  }
  return { ended, stop }
}

const recent: string[] = []

export function say(line: string, name = 'sandbox'): void {
  const text = `${name.padEnd(8)} │ ${line}`
  console.log(text)
  recent.push(text)
  if (recent.length > 40) recent.shift()
}

/** The last 40 printed lines, which show why a start failed. */
export function recentLines(): string[] {
  return recent
}
