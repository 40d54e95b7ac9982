export type Connection = 'live' | 'lost'

/** A handler for each kind of event. `workers` comes every few seconds, also with the reason why mail is stopped. */
type Listeners = Record<string, (data: never) => void> & {
  workers?: (data: { workers: number; paused: string | null }) => void
}

const FIRST_DELAY_MS = 500
const LONGEST_DELAY_MS = 10_000
/** The server sends something every 9 s. A connection that is silent for this long is dead, even without an error. */
const SILENCE_MS = 20_000
/** The server tells the browser when to reconnect: after up to 51 s, so that not all come back at once. */
const LONGEST_RETRY_MS = 60_000

/**
 * Follows a stream of server-sent events until the returned function is called. It reconnects by itself, and after the
 * event `over` only when the page becomes visible again. Each connection starts with the whole state, so a missed
 * message does no harm.
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
      expectSomething()
      onConnection('live')
    })
    for (const [name, listener] of Object.entries({ workers: () => {}, ...listeners })) {
      source.addEventListener(name, (event) => {
        expectSomething()
        listener(JSON.parse(event.data) as never)
      })
    }
    // The next visit to this tab opens it again: a late report may have come.
    source.addEventListener('over', close)
    source.addEventListener('error', () => {
      onConnection('lost')
      expectSomething(LONGEST_RETRY_MS)
      // After a broken connection the browser reconnects. After an HTTP error (a restart, a proxy) it gives up.
      if (source?.readyState === EventSource.CLOSED) reopenLater()
    })
  }

  function expectSomething(withinMs = SILENCE_MS): void {
    clearTimeout(silence)
    silence = setTimeout(() => {
      onConnection('lost')
      reopenLater()
    }, withinMs)
  }

  function close(): void {
    clearTimeout(timer)
    clearTimeout(silence)
    source?.close()
    source = undefined
  }

  function reopenLater(): void {
    close()
    // Jitter, for the case that many clients were rejected at once.
    timer = setTimeout(open, delay * (0.5 + Math.random() / 2))
    delay = Math.min(delay * 2, LONGEST_DELAY_MS)
  }

  // A server on the same machine is reachable offline, so this tries anyway.
  function handleOffline(): void {
    onConnection('lost')
    reopenLater()
  }

  // The browser may be waiting before its next attempt. This connects at once.
  function handleOnline(): void {
    close()
    open()
  }

  // A browser allows six streams per host, so a hidden tab closes its own.
  function handleVisibility(): void {
    if (document.hidden) close()
    else open()
  }

  const leaving = new AbortController()
  const { signal } = leaving
  window.addEventListener('online', handleOnline, { signal })
  window.addEventListener('offline', handleOffline, { signal })
  // A page in the back/forward cache must not hold a stream.
  window.addEventListener('pagehide', close, { signal })
  window.addEventListener('pageshow', ({ persisted }) => persisted && open(), { signal })
  document.addEventListener('visibilitychange', handleVisibility, { signal })
  open()

  return () => {
    leaving.abort()
    close()
  }
}
