import { useEffect, useState } from 'react'
import { RANK, type Snapshot } from '@/lib/email/status'
import { type Connection, watchEvents } from './watch-events'

// Back and Forward mount a ticket anew: it goes on from the newest state that this tab has seen.
const seen = new Map<string, Snapshot>()

type Live = {
  snapshot: Snapshot
  connection: Connection
  /** True while no worker is there to take the job. */
  stranded: boolean
}

/** The newest state of an email, live until it is final. One component watches one email: give it a `key`. */
export function useSnapshot(initial: Snapshot): Live {
  const [snapshot, setSnapshot] = useState(() => pickNewer(initial, seen.get(initial.id)))
  const [connection, setConnection] = useState<Connection>('live')
  const [stranded, setStranded] = useState(false)
  const { id, final } = snapshot

  useEffect(() => {
    if (final) return
    const listeners = {
      email: (next: Snapshot) => {
        seen.set(id, pickNewer(next, seen.get(id)))
        setSnapshot((current) => pickNewer(current, next))
        setStranded(false)
      },
      workers: ({ workers }: { workers: number }) => setStranded(workers === 0),
    }
    return watchEvents(`/api/emails/${id}/events`, listeners, setConnection)
  }, [id, final])

  return {
    snapshot,
    connection: final ? 'live' : connection,
    stranded: stranded && RANK[snapshot.status] < RANK.sent,
  }
}

/** Messages may come twice or late: a snapshot replaces another one only if its version is higher. */
function pickNewer(current: Snapshot, next: Snapshot | undefined): Snapshot {
  return next && next.version > current.version ? next : current
}
