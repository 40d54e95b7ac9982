import { hostname } from 'node:os'

/** What operators know this process by. */
export const PROCESS_NAME = `${process.pid}@${hostname()}`

/**
 * Makes SIGTERM work under `npm run`: npm gives the signal to a shell, which dies and leaves this process behind.
 * When that shell has gone, this process takes the signal as meant for itself.
 */
export function takeOverSignalFromNpm(): void {
  if (!process.env.npm_lifecycle_event) return
  const parent = process.ppid
  const watch = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(watch)
    process.kill(process.pid, 'SIGTERM')
  }, 500)
  watch.unref()
}
