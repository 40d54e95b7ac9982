import { setTimeout as sleep } from 'node:timers/promises'
import type { Service } from './processes'
import { say } from './programs'

export interface Supervisor {
  /** Starts a service. If it ends before `becomeReady`, everything stops. After that, it is restarted. */
  keep<Kind extends Service>(name: string, start: () => Promise<Kind>): Promise<Kind>
  becomeReady(): void
  stopAll(): Promise<void>
}

/** Keeps services running until `stopping` is aborted, as a hosting platform does. */
export function createSupervisor(stopping: AbortController): Supervisor {
  const running = new Map<string, Service>()
  let ready = false

  async function keep<Kind extends Service>(name: string, start: () => Promise<Kind>): Promise<Kind> {
    stopping.signal.throwIfAborted()
    const service = await start()
    running.set(name, service)
    service.ended.then((how) => replace(name, how, start)).catch((error) => stopping.abort(error))
    return service
  }

  async function replace(name: string, how: string, start: () => Promise<Service>): Promise<void> {
    if (stopping.signal.aborted) return
    if (!ready) throw new Error(`${name} ended (${how}) before everything was ready.`)
    say(`${name} ended (${how}). Starting it again.`)
    await sleep(1000)
    if (!stopping.signal.aborted) await keep(name, start)
  }

  return {
    keep,
    becomeReady: () => {
      ready = true
    },
    stopAll: async () => {
      await Promise.all([...running.values()].map((service) => service.stop()))
    },
  }
}
