import { useCallback, useEffect, useState } from 'react'
import { RANK, type Snapshot } from '@/lib/status/status'
import { type Connection, watchEvents } from './watch-events'

// Back and Forward mount a ticket anew: it goes on from the newest state that this tab has seen.
const seen = new Map<string, Snapshot>()

type Live = {
  snapshot: Snapshot
  connection: Connection
  /** True while no worker is there to take the job. */
  stranded: boolean
  /** True while an operator has stopped all mail, and this one waits. */
  held: boolean
  /** True when the email is gone, and its user with it. */
  erased: boolean
  /** Takes over what the server has just answered: nothing, if it is gone. */
  update: (next: Snapshot | undefined) => void
  /** Goes on with another email. */
  replace: (next: Snapshot) => void
}

/** The newest state of an email, live until it is final. One component watches one email at a time: give it a `key`. */
export function useSnapshot(initial: Snapshot): Live {
  const [snapshot, setSnapshot] = useState(() => pickNewer(initial, seen.get(initial.id)))
  const [connection, setConnection] = useState<Connection>('live')
  const [stranded, setStranded] = useState(false)
  const [held, setHeld] = useState(false)
  const [erased, setErased] = useState(false)
  const { id, final } = snapshot

  const update = useCallback((next: Snapshot | undefined) => {
    if (next) setSnapshot((current) => pickNewer(current, next))
    else setErased(true)
  }, [])

  useEffect(() => {
    if (final || erased) return
    let told = false
    const listeners = {
      erased: () => {
        told = true
        setErased(true)
      },
      email: (next: Snapshot) => {
        seen.set(id, pickNewer(next, seen.get(id)))
        update(next)
        setStranded(false)
      },
      workers: ({ workers, paused }: { workers: number; paused: string | null }) => {
        setStranded(workers === 0)
        setHeld(paused !== null)
      },
    }
    const handleConnection = (next: Connection): void => {
      setConnection(next)
      // A stream can't tell those who were not listening when the email was erased.
      if (next === 'lost' && !told) void isGone(id).then((gone) => gone && setErased(true))
    }
    return watchEvents(`/api/emails/${id}/events`, listeners, handleConnection)
  }, [id, final, erased, update])

  return {
    snapshot,
    connection: final || erased ? 'live' : connection,
    stranded: stranded && !erased && (snapshot.erasure !== undefined || RANK[snapshot.status] < RANK.sent),
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

async function isGone(id: string): Promise<boolean> {
  const response = await fetch(`/api/emails/${id}`).catch(() => undefined)
  return response?.status === 404
}

/** Messages may come twice or late: a snapshot replaces another one only if its version is higher. */
function pickNewer(current: Snapshot, next: Snapshot | undefined): Snapshot {
  return next && next.version > current.version ? next : current
}
