import { readFileSync } from 'node:fs'
import { isAlive } from './processes'
import { say } from './programs'

/**
 * Aborts when it is time to stop: at Ctrl-C, when the system asks, when the terminal closes, or when the program that
 * started this one is gone. A second Ctrl-C ends this process at once.
 */
export function listenForStop(): AbortController {
  const stopping = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop(signal))

  const parent = process.ppid
  const npm = findNpm(parent)
  setInterval(() => {
    if (process.ppid !== parent || (npm && !isAlive(npm))) stop('nobody is waiting for it')
  }, 500).unref()

  let stopRequestedAt = 0
  function stop(reason: string): void {
    if (!stopRequestedAt) {
      stopRequestedAt = Date.now()
      say(`Stopping (${reason}) …`)
      stopping.abort(reason)
    } else if (reason === 'SIGINT' && Date.now() - stopRequestedAt > 500) {
      // npm passes on the Ctrl-C that the terminal has already sent here: only a later one is a second one.
      process.exit(130)
    }
  }
  return stopping
}

/** The process id of npm when its shell stands between npm and this process, as on Linux. */
function findNpm(parent: number): number | undefined {
  if (!process.env.npm_lifecycle_event || process.platform !== 'linux') return undefined
  // "pid (name) state ppid …"
  const [, name, grandparent] = readFileSync(`/proc/${parent}/stat`, 'utf8').match(/\((.*)\) \S (\d+)/) ?? []
  return name?.endsWith('sh') ? Number(grandparent) : undefined
}
