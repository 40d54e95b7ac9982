import { say } from './programs'

/**
 * Aborts when it is time to stop: at Ctrl-C, when the system asks, when the terminal closes, or when the program that
 * started this one is gone. A second Ctrl-C ends this process at once.
 */
export function listenForStop(): AbortController {
  const stopping = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop(signal))

  const parent = process.ppid
  setInterval(() => {
    if (process.ppid !== parent) stop('its parent is gone')
  }, 500).unref()
  // A closed terminal takes no more output; that must not be the end of an orderly stop.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})

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
