import { setTimeout as sleep } from 'node:timers/promises'
import type { Process } from '../../../stack'

/** A process that is replaced at once when it ends, as a platform does. */
export type Supervised = {
  /** Resolves when the one that runs now, or its replacement, is ready. */
  untilReady(): Promise<void>
  /** Ends it without warning; the next one starts at once. */
  kill(): Promise<void>
  /** Ends it for good. */
  stop(): Promise<void>
  /** How often it was replaced. */
  restarts(): number
}

const CHECK_MS = 20
const PAUSE_MS = 500

/** @param start resolves when the process is ready */
export function supervise(start: () => Promise<Process>): Supervised {
  let current: Process | undefined
  let stopped = false
  let starts = 0

  const running = (async (): Promise<void> => {
    while (!stopped) {
      starts++
      try {
        current = await start()
        while (current.isRunning()) await sleep(CHECK_MS)
      } catch (error) {
        // It ended before it was ready, for example because the database was away.
        if (!stopped && starts === 1) console.error((error as Error).message)
        await sleep(PAUSE_MS)
      }
    }
  })()

  const kill = async (): Promise<void> => void (await current?.kill('SIGKILL'))
  return {
    async untilReady() {
      while (!current?.isRunning()) await sleep(CHECK_MS)
    },
    kill,
    async stop() {
      stopped = true
      await kill()
      // One that was about to be ready is awaited, then killed, too.
      const killer = setInterval(kill, CHECK_MS)
      await running
      clearInterval(killer)
    },
    restarts: () => starts - 1,
  }
}
