import { useCallback, useEffect, useState } from 'react'
import { RANK, type Snapshot } from '@/lib/status/status'
import { type Connection, watchEvents } from './watch-events'

// Back and Forward mount a ticket again. This is the newest state that the tab has seen of each email.
const seen = new Map<string, Snapshot>()

type Live = {
  snapshot: Snapshot
  connection: Connection
  /** True while no worker runs and the job waits. */
  hasNoWorker: boolean
  /** True while an operator has stopped all mail and this email waits. */
  held: boolean
  /** True when the user was erased. */
  erased: boolean
  /** Takes the server's answer: undefined when the user is erased already. */
  update: (next: Snapshot | undefined) => void
  /** Watches another email from now on. */
  replace: (next: Snapshot) => void
}

/** The newest state of an email, live as long as a report may come. Give the component a `key` for each email. */
export function useSnapshot(initial: Snapshot): Live {
  const [snapshot, setSnapshot] = useState(() => pickNewer(initial, seen.get(initial.id)))
  const [connection, setConnection] = useState<Connection>('live')
  const [hasNoWorker, setHasNoWorker] = useState(false)
  const [held, setHeld] = useState(false)
  const [erased, setErased] = useState(false)
  /** The email whose stream has ended, because no more reports are expected. */
  const [endedId, setEndedId] = useState<string>()
  const { id } = snapshot
  const mustReopen = endedId === id && snapshot.erasure !== undefined

  const update = useCallback((next: Snapshot | undefined) => {
    if (next) setSnapshot((current) => pickNewer(current, next))
    else setErased(true)
  }, [])

  // `mustReopen`: a user whose stream has ended asks for their erasure.
  // biome-ignore lint/correctness/useExhaustiveDependencies: a change opens a new stream
  useEffect(() => {
    if (erased) return
    let newest: Connection = 'live'
    let ended = false
    const listeners = {
      erased: () => update(undefined),
      over: () => setEndedId(id),
      email: (next: Snapshot) => {
        seen.set(id, pickNewer(next, seen.get(id)))
        update(next)
        setHasNoWorker(false)
      },
      workers: ({ workers, paused }: { workers: number; paused: string | null }) => {
        setHasNoWorker(workers === 0)
        setHeld(paused !== null)
      },
    }
    const handleConnection = async (next: Connection): Promise<void> => {
      newest = next
      // The erasure may have been announced before this stream was open. Then no connection is lost.
      const gone = next === 'lost' && (await isGone(id))
      if (ended) return
      if (gone) update(undefined)
      else setConnection(newest)
    }
    const stopWatching = watchEvents(`/api/emails/${id}/events`, listeners, handleConnection)
    return () => {
      ended = true
      stopWatching()
    }
  }, [id, erased, mustReopen, update])

  return {
    snapshot,
    connection: snapshot.final || erased ? 'live' : connection,
    hasNoWorker:
      hasNoWorker && !erased && (snapshot.erasure !== undefined || RANK[snapshot.status] < RANK.sent),
    held:
      held &&
      !erased &&
      !snapshot.erasure &&
      (snapshot.status === 'queued' || snapshot.status === 'retrying'),
    erased,
    update,
    replace: setSnapshot,
  }
}

/** A proxy without a server behind it may say 404, too. */
async function isGone(id: string): Promise<boolean> {
  const signal = AbortSignal.timeout(1_000)
  const response = await fetch(`/api/emails/${id}`, { signal }).catch(() => undefined)
  return response?.status === 404 && response.headers.get('Content-Type') === 'application/problem+json'
}

/** Messages may come twice or late, so a snapshot replaces another of the same email only if its version is higher. */
function pickNewer(current: Snapshot, next: Snapshot | undefined): Snapshot {
  return next?.id === current.id && next.version > current.version ? next : current
}
