import { readSnapshot } from './snapshot'
import type { Snapshot } from './status'
import { watchEmail } from './watch'

/** Between two comments that keep proxies from closing a quiet stream. */
const KEEP_ALIVE_MS = 15_000

const shared = globalThis as { openStreams?: Set<() => void> }
shared.openStreams ??= new Set()
const openStreams = shared.openStreams

/** Ends all open streams, so that a server which is stopping can finish. The browsers come back by themselves. */
export function closeStreams(): void {
  for (const close of openStreams) close()
}

/**
 * Server-sent events: a snapshot of the email at once and after each change, until the final one.
 * @param signal aborts when the reader has gone
 */
export function streamSnapshots(id: string, signal: AbortSignal): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  let close = (): void => {}

  return new ReadableStream({
    start(controller) {
      let version = 0
      let closed = false
      let reading = false
      let changed = false

      const send = (text: string): void => controller.enqueue(encoder.encode(text))
      const keepAlive = setInterval(() => send(': still here\n\n'), KEEP_ALIVE_MS)

      // Changes that come in while we read lead to one more read, however many they are.
      const update = async (): Promise<void> => {
        changed = true
        if (reading) return
        reading = true
        try {
          while (changed && !closed) {
            changed = false
            const snapshot = await readSnapshot(id)
            if (closed) return
            if (!snapshot) return close()
            if (snapshot.version > version) send(toMessage(snapshot))
            version = snapshot.version
            if (snapshot.final) return close()
          }
        } catch (error) {
          // The browser reconnects, and is told what it missed.
          console.error('Live status:', (error as Error).message)
          close()
        } finally {
          reading = false
        }
      }

      close = () => {
        if (closed) return
        closed = true
        clearInterval(keepAlive)
        stopWatching()
        openStreams.delete(close)
        controller.close()
      }

      openStreams.add(close)
      signal.addEventListener('abort', close)
      // The headers leave with the first chunk. And watch before reading: what changes in between must not be missed.
      send('retry: 1000\n\n')
      const stopWatching = watchEmail(id, () => void update())
      void update()
    },
    cancel: () => close(),
  })
}

function toMessage(snapshot: Snapshot): string {
  return `event: email\nid: ${snapshot.version}\ndata: ${JSON.stringify(snapshot)}\n\n`
}
