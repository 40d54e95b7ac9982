import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { untilEnd } from './processes'

/** A process group that must not outlive the runner, and the signal that ends it; no signal: it has ended. */
export interface Ward {
  pid: number
  signal?: NodeJS.Signals
}

let reaper: ChildProcess | undefined

/** Makes sure that this process ends when the runner does, even when the runner is killed. */
export function guard(child: ChildProcess, signal: NodeJS.Signals): void {
  const { pid } = child
  if (!pid) return
  reaper ??= startReaper()
  reaper.send({ pid, signal } satisfies Ward)
  untilEnd(child).then(() => reaper?.connected && reaper.send({ pid } satisfies Ward))
}

/** Ends the reaper, when there is nothing left to guard. */
export async function dismissReaper(): Promise<void> {
  if (!reaper) return
  reaper.ref()
  reaper.disconnect()
  await once(reaper, 'exit')
}

function startReaper(): ChildProcess {
  const child = fork(fileURLToPath(new URL('reaper.ts', import.meta.url)), {
    // In a group of its own, for it has to survive what kills the runner's.
    detached: true,
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  })
  child.unref()
  child.channel?.unref()
  return child
}
