import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { untilEnd } from './processes'

/** A process group that must not outlive the runner, and the signal that ends it. No signal: it has ended. */
export interface Ward {
  pid: number
  signal?: NodeJS.Signals
}

let reaper: ChildProcess | undefined

/** Makes sure that a child ends with the runner, even if the runner is killed. */
export function guard(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid) guardProcess(child.pid, signal, untilEnd(child))
}

/** The same for a process that is not a child. @param ended resolves when it has ended */
export function guardProcess(pid: number, signal: NodeJS.Signals, ended: Promise<unknown>): void {
  reaper ??= startReaper()
  reaper.send({ pid, signal } satisfies Ward)
  ended.then(() => reaper?.connected && reaper.send({ pid } satisfies Ward))
}

export async function dismissReaper(): Promise<void> {
  if (!reaper) return
  reaper.ref()
  reaper.disconnect()
  await once(reaper, 'exit')
}

function startReaper(): ChildProcess {
  const child = fork(fileURLToPath(new URL('reaper.ts', import.meta.url)), {
    // In a group of its own, so that it survives a signal to the runner's group.
    detached: true,
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  })
  child.unref()
  child.channel?.unref()
  return child
}
