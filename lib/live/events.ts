import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import { env } from '../env'
import { logThrottled, reasonOf } from '../log'

/** How often streams have a heartbeat. The reader knows by it that the connection lives, and proxies, too. */
const TICK_MS = 3_000
/** So many streams are told before somebody else may have the processor. */
const BETWEEN_TURNS = 100
/** A reader who leaves so many bytes lying is gone, or so slow that coming back is quicker than catching up. */
const MOST_UNREAD = 64 * 1024

type Stream = { heartbeat: Source['heartbeat']; send: Send; close: () => void; endsAt: number }
const shared = globalThis as { streams?: { open: Set<Stream>; ticking: boolean } }
shared.streams ??= { open: new Set(), ticking: false }
const streams = shared.streams

/** Ends all open streams, so that a server which is stopping can finish. The browsers come back by themselves. */
export function closeStreams(): void {
  for (const { close } of streams.open) close()
}

export type Source = {
  /** Calls back whenever something may have changed, until the returned function is called. */
  watch: (onChange: () => void) => () => void
  /** Called at once and after each change. Sends what is new to the reader, and returns true when that was the last. */
  update: (send: Send) => Promise<boolean>
  /** Tells something every few seconds. It is read once for all the streams that have the same one. */
  heartbeat: { event: string; read: () => Promise<object> }
  /** The least time between two updates, and the longest without one, in ms. */
  pauseMs?: number
  pollMs?: number
}

/**
 * @param data is written out once for all the streams that are sent the same object
 * @param id lets the reader, when it comes back, say what it has seen last
 */
type Send = (event: string, data: object, id?: number) => void

const HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache, no-transform',
  // Some proxies (nginx) collect an answer before they pass it on, unless told otherwise.
  'x-accel-buffering': 'no',
  connection: 'close',
}

/**
 * Answers a request with server-sent events, until the source has nothing more to tell, the reader leaves, or the stream
 * has had its time: the browser then comes back by itself.
 * @param release is called when the stream has ended
 */
export function streamEvents(request: Request, source: Source, release: () => void): Response {
  if (request.method === 'HEAD') {
    release()
    return new Response(null, { headers: HEADERS })
  }
  return new Response(openStream(request, source, release), { headers: HEADERS })
}

function openStream(request: Request, source: Source, release: () => void): ReadableStream<Uint8Array> {
  const { signal } = request
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

    const stream = { heartbeat: source.heartbeat, send, close: () => close(), endsAt: findEnd() }
    close = () => {
      if (closed) return
      closed = true
      clearInterval(polling)
      stopWatching()
      streams.open.delete(stream)
      release()
      controller.close()
    }

    streams.open.add(stream)
    void tick()
    signal.addEventListener('abort', close)
    // The headers leave with the first chunk. And watch before reading: what changes in between must not be missed.
    write(encoder.encode('retry: 1000\n\n'))
    const stopWatching = source.watch(updateSafely)
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
    for (const { endsAt, close } of streams.open) if (endsAt < performance.now()) close()
    const heartbeats = new Set([...streams.open].map(({ heartbeat }) => heartbeat))
    // While it cannot be read, nothing is told. A reader loses patience later than a restart takes.
    await Promise.all([...heartbeats].map((heartbeat) => beat(heartbeat).catch(complain)))
  }
  streams.ticking = false
}

// Those that were opened together, after a restart, need not come back together.
function findEnd(): number {
  const seconds = env('LIMIT_STREAM_SECONDS') || Number.POSITIVE_INFINITY
  return performance.now() + seconds * 1000 * (0.9 + Math.random() / 10)
}

async function beat(heartbeat: Source['heartbeat']): Promise<void> {
  const data = await heartbeat.read()
  let count = 0
  for (const stream of streams.open) {
    if (stream.heartbeat !== heartbeat) continue
    stream.send(heartbeat.event, data)
    if (++count % BETWEEN_TURNS === 0) await nextTurn()
  }
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

// One failed read may end thousands of streams.
function complain(error: unknown): void {
  logThrottled('Live status', { reason: reasonOf(error) })
}
