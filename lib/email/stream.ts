import { countWorkers } from '../health'
import { readSnapshot } from './snapshot'
import type { Snapshot } from './status'
import { watchEmail } from './watch'

/** How often a stream tells the number of workers. The reader knows by it that the connection lives, and proxies, too. */
const TICK_MS = 3_000

const shared = globalThis as { openStreams?: Set<() => void> }
shared.openStreams ??= new Set()
const openStreams = shared.openStreams

/** Ends all open streams, so that a server which is stopping can finish. The browsers come back by themselves. */
export function closeStreams(): void {
  for (const close of openStreams) close()
}

/**
 * Server-sent events about an email, up to the final one:
 * `email` with a snapshot, at once and after each change; `workers` with their number, every few seconds.
 * @param signal aborts when the reader has gone
 */
export function streamSnapshots(id: string, signal: AbortSignal): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  let close = (): void => {}

  return new ReadableStream({
    start(controller) {
      let last: Snapshot | undefined
      let closed = false
      let reading = false
      let changed = false

      const send = (text: string): void => {
        if (!closed) controller.enqueue(encoder.encode(text))
      }

      // Changes that come in while we read lead to one more read, however many they are.
      const update = async (): Promise<void> => {
        changed = true
        if (reading) return
        reading = true
        while (changed && !closed) {
          changed = false
          const snapshot = await readSnapshot(id)
          if (!snapshot) return close()
          if (snapshot.version > (last?.version ?? 0)) {
            send(`event: email\nid: ${snapshot.version}\ndata: ${JSON.stringify(snapshot)}\n\n`)
          }
          last = snapshot
          if (snapshot.final) return close()
        }
        reading = false
      }

      const tick = async (): Promise<void> => {
        send(`event: workers\ndata: ${JSON.stringify({ workers: await countWorkers() })}\n\n`)
      }

      // The browser reconnects, and is told what it missed.
      const fail = (error: Error): void => {
        console.error('Live status:', error.message)
        close()
      }

      close = () => {
        if (closed) return
        closed = true
        clearInterval(ticking)
        stopWatching()
        openStreams.delete(close)
        controller.close()
      }

      openStreams.add(close)
      signal.addEventListener('abort', close)
      // The headers leave with the first chunk. And watch before reading: what changes in between must not be missed.
      send('retry: 1000\n\n')
      const stopWatching = watchEmail(id, () => void update().catch(fail))
      const ticking = setInterval(() => void tick().catch(fail), TICK_MS)
      void update().catch(fail)
      // An abort that came before we listened is not announced again.
      if (signal.aborted) close()
    },
    cancel: () => close(),
  })
}
