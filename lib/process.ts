import { hostname } from 'node:os'

export const PROCESS_NAME = `${process.pid}@${hostname()}`

/** Watches the parent process under `npm run`, because npm's shell exits without passing on SIGTERM. */
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
