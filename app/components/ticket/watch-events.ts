export type Connection = 'live' | 'lost'

/** What to do with each kind of event. Every few seconds the server tells the number of workers, and why mail is stopped. */
type Listeners = Record<string, (data: never) => void> & {
  workers?: (data: { workers: number; paused: string | null }) => void
}

const FIRST_DELAY_MS = 500
const LONGEST_DELAY_MS = 10_000
/** The server says something every 3 s: a connection that is silent for longer is dead, even if nobody told us. */
const SILENCE_MS = 10_000

/**
 * Follows a stream of server-sent events until the returned function is called. It heals by itself: every connection
 * begins with the whole state, so nothing that was missed in between is lost.
 */
export function watchEvents(
  url: string,
  listeners: Listeners,
  onConnection: (connection: Connection) => void,
): () => void {
  let source: EventSource | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  let silence: ReturnType<typeof setTimeout> | undefined
  let delay = FIRST_DELAY_MS

  function open(): void {
    clearTimeout(timer)
    if (source || document.hidden) return
    source = new EventSource(url)
    expectSomething()
    source.addEventListener('open', () => {
      delay = FIRST_DELAY_MS
      onConnection('live')
    })
    for (const [name, listener] of Object.entries({ workers: () => {}, ...listeners })) {
      source.addEventListener(name, (event) => {
        expectSomething()
        listener(JSON.parse(event.data) as never)
      })
    }
    source.addEventListener('error', () => {
      onConnection('lost')
      // A broken connection the browser mends alone; after an HTTP error (a restart, a proxy) it gives up.
      if (source?.readyState === EventSource.CLOSED) reopenLater()
    })
  }

  function expectSomething(): void {
    clearTimeout(silence)
    silence = setTimeout(() => {
      onConnection('lost')
      reopenLater()
    }, SILENCE_MS)
  }

  function close(): void {
    clearTimeout(timer)
    clearTimeout(silence)
    source?.close()
    source = undefined
  }

  function reopenLater(): void {
    close()
    // Not all at the same moment, when many were refused.
    timer = setTimeout(open, delay * (0.5 + Math.random() / 2))
    delay = Math.min(delay * 2, LONGEST_DELAY_MS)
  }

  // Being offline says nothing about a server on the same machine: try anyway.
  function handleOffline(): void {
    onConnection('lost')
    reopenLater()
  }

  // The browser may be pausing before its own next attempt: don't make anybody wait for it.
  function handleOnline(): void {
    close()
    open()
  }

  // A browser keeps at most six streams per host: a tab that nobody sees gives its own back.
  function handleVisibility(): void {
    if (document.hidden) close()
    else open()
  }

  const leaving = new AbortController()
  const { signal } = leaving
  window.addEventListener('online', handleOnline, { signal })
  window.addEventListener('offline', handleOffline, { signal })
  // A page kept for the Back button must not hold a stream.
  window.addEventListener('pagehide', close, { signal })
  window.addEventListener('pageshow', open, { signal })
  document.addEventListener('visibilitychange', handleVisibility, { signal })
  open()

  return () => {
    leaving.abort()
    close()
  }
}
