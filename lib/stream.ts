import { countWorkers } from './health'
import { type Channel, watch } from './watch'

/** How often a stream tells the number of workers. The reader knows by it that the connection lives, and proxies, too. */
const TICK_MS = 3_000

const shared = globalThis as { openStreams?: Set<() => void> }
shared.openStreams ??= new Set()
const openStreams = shared.openStreams

/** Ends all open streams, so that a server which is stopping can finish. The browsers come back by themselves. */
export function closeStreams(): void {
  for (const close of openStreams) close()
}

type Source = {
  channel: Channel
  /** Whose changes to watch: the payload of the notifications. All of the channel, if there is none. */
  id?: string
  /** Called at once and after each change. Sends what is new to the reader, and returns true when that was the last. */
  update: (send: Send) => Promise<boolean>
  /** The least time between two updates, and the longest without one, in ms. */
  pauseMs?: number
  pollMs?: number
}

/** @param id lets the reader, when it comes back, say what it has seen last */
export type Send = (event: string, data: unknown, id?: number) => void

const HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache, no-transform',
  // Some proxies (nginx) collect an answer before they pass it on, unless told otherwise.
  'x-accel-buffering': 'no',
  connection: 'close',
}

/** Answers a request with server-sent events: those of the source, and every few seconds `workers` with their number. */
export function streamEvents(request: Request, source: Source): Response {
  const body = request.method === 'HEAD' ? null : openStream(request.signal, source)
  return new Response(body, { headers: HEADERS })
}

function openStream(signal: AbortSignal, source: Source): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  let close = (): void => {}

  return new ReadableStream({
    start(controller) {
      let closed = false
      let updating = false
      let changed = false

      const write = (text: string): void => {
        if (!closed) controller.enqueue(encoder.encode(text))
      }
      const send: Send = (event, data, id) => {
        write(`event: ${event}\n${id === undefined ? '' : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`)
      }

      // Changes that come in during an update lead to one more, however many they are.
      const update = async (): Promise<void> => {
        changed = true
        if (updating) return
        updating = true
        while (changed && !closed) {
          changed = false
          if (await source.update(send)) return close()
          if (source.pauseMs) await new Promise((resolve) => setTimeout(resolve, source.pauseMs))
        }
        updating = false
      }

      const tick = async (): Promise<void> => send('workers', { workers: await countWorkers() })

      // The browser reconnects, and is told what it missed.
      const fail = (error: Error): void => {
        console.error('Live status:', error.message)
        close()
      }
      const safely = (act: () => Promise<void>) => (): void => void act().catch(fail)

      close = () => {
        if (closed) return
        closed = true
        clearInterval(ticking)
        clearInterval(polling)
        stopWatching()
        openStreams.delete(close)
        controller.close()
      }

      openStreams.add(close)
      signal.addEventListener('abort', close)
      // The headers leave with the first chunk. And watch before reading: what changes in between must not be missed.
      write('retry: 1000\n\n')
      const stopWatching = watch(source.channel, source.id, safely(update))
      const ticking = setInterval(safely(tick), TICK_MS)
      const polling = source.pollMs ? setInterval(safely(update), source.pollMs) : undefined
      safely(update)()
      // An abort that came before we listened is not announced again.
      if (signal.aborted) close()
    },
    cancel: () => close(),
  })
}
