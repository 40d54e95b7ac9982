import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import { countWorkers } from './health'
import { type Channel, watch } from './watch'

/** How often streams tell the number of workers. The reader knows by it that the connection lives, and proxies, too. */
const TICK_MS = 3_000
/** So many streams are told before somebody else may have the processor. */
const BETWEEN_TURNS = 100
/** A reader who leaves so many bytes lying is gone, or so slow that coming back is quicker than catching up. */
const MOST_UNREAD = 64 * 1024

type Stream = { send: Send; close: () => void }
const shared = globalThis as { streams?: { open: Set<Stream>; ticking: boolean } }
shared.streams ??= { open: new Set(), ticking: false }
const streams = shared.streams

/** Ends all open streams, so that a server which is stopping can finish. The browsers come back by themselves. */
export function closeStreams(): void {
  for (const { close } of streams.open) close()
}

type Source = {
  channel: Channel
  /** Whose changes to watch: one of the ids in the notifications. All of the channel, if there is none. */
  id?: string
  /** Called at once and after each change. Sends what is new to the reader, and returns true when that was the last. */
  update: (send: Send) => Promise<boolean>
  /** The least time between two updates, and the longest without one, in ms. */
  pauseMs?: number
  pollMs?: number
}

/**
 * @param data is written out once for all the streams that are sent the same object
 * @param id lets the reader, when it comes back, say what it has seen last
 */
export type Send = (event: string, data: object, id?: number) => void

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
  let close = (): void => {}

  const start = (controller: ReadableStreamDefaultController<Uint8Array>): void => {
    let closed = false
    let updating = false
    let changed = false

    const write = (message: Uint8Array): void => {
      if (closed) return
      if ((controller.desiredSize ?? 0) > 0) controller.enqueue(message)
      else close()
    }
    const send: Send = (event, data, id) => write(toMessage(event, data, id))

    // Changes that come in during an update lead to one more, however many they are.
    const update = async (): Promise<void> => {
      changed = true
      if (updating) return
      updating = true
      while (changed && !closed) {
        changed = false
        if (await source.update(send)) return close()
        if (source.pauseMs) await sleep(source.pauseMs)
      }
      updating = false
    }

    // The browser reconnects, and is told what it missed.
    const fail = (error: unknown): void => {
      complain(error)
      close()
    }
    const updateSafely = (): void => void update().catch(fail)

    const stream = { send, close: () => close() }
    close = () => {
      if (closed) return
      closed = true
      clearInterval(polling)
      stopWatching()
      streams.open.delete(stream)
      controller.close()
    }

    streams.open.add(stream)
    void tick()
    signal.addEventListener('abort', close)
    // The headers leave with the first chunk. And watch before reading: what changes in between must not be missed.
    write(encoder.encode('retry: 1000\n\n'))
    const stopWatching = watch(source.channel, source.id, updateSafely)
    const polling = source.pollMs ? setInterval(updateSafely, source.pollMs) : undefined
    updateSafely()
    // An abort that came before we listened is not announced again.
    if (signal.aborted) close()
  }
  const unread = new ByteLengthQueuingStrategy({ highWaterMark: MOST_UNREAD })
  return new ReadableStream<Uint8Array>({ start, cancel: () => close() }, unread)
}

/** One clock for all streams, which runs as long as any is open. */
async function tick(): Promise<void> {
  if (streams.ticking) return
  streams.ticking = true
  while (streams.open.size > 0) {
    await sleep(TICK_MS)
    // While the database is away, nothing is told. A reader loses patience later than a restart takes.
    const workers = await countWorkers().catch(complain)
    if (workers === undefined) continue
    const data = { workers }
    let count = 0
    for (const { send } of streams.open) {
      send('workers', data)
      if (++count % BETWEEN_TURNS === 0) await nextTurn()
    }
  }
  streams.ticking = false
}

const messages = new WeakMap<object, { head: string; bytes: Uint8Array }>()
const encoder = new TextEncoder()

function toMessage(event: string, data: object, id?: number): Uint8Array {
  const head = `event: ${event}\n${id === undefined ? '' : `id: ${id}\n`}`
  const known = messages.get(data)
  if (known?.head === head) return known.bytes
  const bytes = encoder.encode(`${head}data: ${JSON.stringify(data)}\n\n`)
  messages.set(data, { head, bytes })
  return bytes
}

let told: unknown

// One failed read may end thousands of streams.
function complain(error: unknown): void {
  if (error !== told) console.error('Live status:', (error as Error).message)
  told = error
}
