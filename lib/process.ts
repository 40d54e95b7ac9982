import { hostname } from 'node:os'

const parent = process.ppid

export const PROCESS_NAME = `${process.pid}@${hostname()}`

const shared = globalThis as { perProcess?: Map<string, unknown> }
shared.perProcess ??= new Map()
const values = shared.perProcess

/** Returns the one value of this name. Next evaluates a module more than once: for pages, for routes, and after each edit. */
export function perProcess<Value>(name: string, make: () => Value): Value {
  if (!values.has(name)) values.set(name, make())
  return values.get(name) as Value
}

/** Watches the parent process under `npm run`, because npm's shell exits without passing on SIGTERM. */
export function takeOverSignalFromNpm(): void {
  if (!process.env.npm_lifecycle_event) return
  const watch = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(watch)
    process.kill(process.pid, 'SIGTERM')
  }, 500)
  watch.unref()
}
