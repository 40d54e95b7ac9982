import { readFileSync } from 'node:fs'
import { isAlive } from './processes'
import { say } from './programs'

/**
 * Aborts when it is time to stop: at Ctrl-C, at SIGTERM, when the terminal closes, or when the parent process is gone. A
 * second Ctrl-C ends this process at once.
 */
export function listenForStop(): AbortController {
  const stopping = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop(signal))

  const parent = process.ppid
  const npm = findNpm(parent)
  setInterval(() => {
    if (process.ppid !== parent || (npm && !isAlive(npm))) stop('the parent process is gone')
  }, 500).unref()

  let stopRequestedAt = 0
  function stop(reason: string): void {
    if (!stopRequestedAt) {
      stopRequestedAt = Date.now()
      say(`Stopping (${reason}) …`)
      stopping.abort(reason)
    } else if (reason === 'SIGINT' && Date.now() - stopRequestedAt > 500) {
      // npm forwards the Ctrl-C that the terminal has already sent here. Only a later SIGINT is a second Ctrl-C.
      process.exit(130)
    }
  }
  return stopping
}

/** The process id of npm, if npm's shell is the parent of this process, as on Linux. */
function findNpm(parent: number): number | undefined {
  if (!process.env.npm_lifecycle_event || process.platform !== 'linux') return undefined
  const [, name, grandparent] = readFileSync(`/proc/${parent}/stat`, 'utf8').match(/\((.*)\) \S (\d+)/) ?? []
  return name?.endsWith('sh') ? Number(grandparent) : undefined
}
