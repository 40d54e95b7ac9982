import { setTimeout as sleep, setImmediate as yieldToEventLoop } from 'node:timers/promises'
import { env } from '../env'
import { logThrottled, reasonOf } from '../log'
import { perProcess } from '../process'

/** How often the data of heartbeats is read. A heartbeat also shows browsers and proxies that the connection is alive. */
const HEARTBEAT_MS = 3_000
/** Unless the data has changed, only every third reading is sent: to write to 10,000 streams takes 0.3 s. */
const READINGS_PER_HEARTBEAT = 3
/** When a browser reconnects after its stream broke off. */
const RETRY_MS = 1_000
/** Streams that break off together must not come back together: opening one takes 2 ms, and the kernel holds 511 connections. */
const RETRY_MS_PER_STREAM = 5
/** Below a minute, after which the page's own script would reconnect. */
const MAX_JITTER_MS = 50_000
/** Streams that are written to before the event loop may run other work. */
const YIELD_EVERY = 100
/** Disconnects clients with more unread data. They reconnect and get the newest snapshot. */
const MAX_UNREAD_BYTES = 64 * 1024

type Stream = {
  heartbeat: Source['heartbeat']
  /** The last one that was sent, as JSON, and how many readings ago. */
  sent: { text: string; age: number }
  send: Send
  close: () => void
  endsAt: number
}
const streams = perProcess('streams', () => ({ open: new Set<Stream>(), ticking: false }))

/** Closes all streams, so that the server can stop. The browsers reconnect. */
export function closeStreams(): void {
  for (const { close } of streams.open) close()
}

export type Source = {
  /** Calls back after changes. Returns the function that ends this. */
  watch: (onChange: () => void) => () => void
  /** Sends the news at the start, after changes and every `pollMs`, at least `pauseMs` apart. Returns true to end the stream. */
  update: (send: Send) => Promise<boolean>
  /** Read once for all streams that share this object. */
  heartbeat: { event: string; read: () => Promise<object> }
  pauseMs?: number
  pollMs?: number
}

/** `data` is serialized once for all streams that get the same object. */
type Send = (event: string, data: object, id?: number) => void

const HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache, no-transform',
  // nginx buffers responses by default.
  'x-accel-buffering': 'no',
  connection: 'close',
}

/** Streams until the source ends, the client leaves, or LIMIT_STREAM_SECONDS have passed. Then it calls `release` once. */
export function streamEvents(request: Request, source: Source, release: () => void): Response {
  if (request.method === 'HEAD') {
    release()
    return new Response(null, { headers: HEADERS })
  }
  return new Response(openStream(request, source, release), { headers: HEADERS })
}

function openStream(request: Request, source: Source, release: () => void): ReadableStream<Uint8Array> {
  const { signal } = request
  let leave = (): void => {}

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

    // Changes during an update cause one more update.
    const update = async (): Promise<void> => {
      changed = true
      if (updating) return
      updating = true
      while (changed && !closed) {
        changed = false
        if (await source.update(send)) {
          // After this event, the browser does not reconnect.
          send('over', {})
          return close()
        }
        if (source.pauseMs) await sleep(source.pauseMs)
      }
      updating = false
    }

    const fail = (error: unknown): void => {
      logFailure(error)
      close()
    }
    const updateSafely = (): void => void update().catch(fail)

    const sent = { text: '', age: 0 }
    const stream = { heartbeat: source.heartbeat, sent, send, close: () => close(), endsAt: findEnd() }
    leave = () => {
      if (closed) return
      closed = true
      clearInterval(polling)
      stopWatching()
      streams.open.delete(stream)
      release()
    }
    const close = (): void => {
      if (closed) return
      leave()
      controller.close()
    }

    // Watches before it reads, so it misses no change.
    const stopWatching = source.watch(updateSafely)
    streams.open.add(stream)
    void sendHeartbeats()
    signal.addEventListener('abort', close)
    // Next sends the headers with the first chunk.
    const jitter = Math.random() * Math.min(RETRY_MS_PER_STREAM * streams.open.size, MAX_JITTER_MS)
    write(encoder.encode(`retry: ${Math.round(RETRY_MS + jitter)}\n\n`))
    const polling = source.pollMs ? setInterval(updateSafely, source.pollMs) : undefined
    updateSafely()
    // An abort before `addEventListener` fires no event.
    if (signal.aborted) close()
  }
  const unread = new ByteLengthQueuingStrategy({ highWaterMark: MAX_UNREAD_BYTES })
  // At `cancel`, the stream is closed already, and `controller.close` would throw.
  return new ReadableStream<Uint8Array>({ start, cancel: () => leave() }, unread)
}

async function sendHeartbeats(): Promise<void> {
  if (streams.ticking) return
  streams.ticking = true
  while (streams.open.size > 0) {
    await sleep(HEARTBEAT_MS)
    for (const { endsAt, close } of streams.open) if (endsAt < performance.now()) close()
    const heartbeats = new Set([...streams.open].map(({ heartbeat }) => heartbeat))
    // A failed read sends no heartbeat. Browsers wait longer than a restart of the database takes.
    await Promise.all([...heartbeats].map((heartbeat) => sendHeartbeat(heartbeat).catch(logFailure)))
  }
  streams.ticking = false
}

// Jitter: streams that opened together after a restart must not reconnect together.
function findEnd(): number {
  const seconds = env('LIMIT_STREAM_SECONDS') || Number.POSITIVE_INFINITY
  return performance.now() + seconds * 1000 * (0.9 + Math.random() / 10)
}

async function sendHeartbeat(heartbeat: Source['heartbeat']): Promise<void> {
  const data = await heartbeat.read()
  const text = JSON.stringify(data)
  let count = 0
  for (const stream of streams.open) {
    if (stream.heartbeat !== heartbeat) continue
    const age = stream.sent.age + 1
    const isDue = text !== stream.sent.text || age >= READINGS_PER_HEARTBEAT
    stream.sent = { text, age: isDue ? 0 : age }
    if (!isDue) continue
    stream.send(heartbeat.event, data)
    if (++count % YIELD_EVERY === 0) await yieldToEventLoop()
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

function logFailure(error: unknown): void {
  logThrottled('Cannot read the live status', { reason: reasonOf(error) })
}
