import { useEffect, useState } from 'react'
import { watchEvents } from '@/app/components/ticket/watch-events'
import type { Snapshot } from '@/lib/status/status'

type Mails = {
  /** The newest state of each email, unordered. */
  mails: Snapshot[]
  /** True while no worker runs. */
  hasNoWorker: boolean
  /** True when all are final. */
  settled: boolean
}

/** The state of several emails, live until all are final. */
export function useMails(ids: string[]): Mails {
  const [snapshots, setSnapshots] = useState<Record<string, Snapshot>>({})
  const [hasNoWorker, setHasNoWorker] = useState(false)
  const key = ids.join(',')
  const mails = ids.flatMap((id) => snapshots[id] ?? [])
  const settled = mails.length === ids.length && mails.every(({ final }) => final)

  useEffect(() => {
    if (settled) return
    const listeners = {
      email: (next: Snapshot) =>
        setSnapshots((current) => {
          const known = current[next.id]
          return known && known.version >= next.version ? current : { ...current, [next.id]: next }
        }),
      workers: ({ workers }: { workers: number }) => setHasNoWorker(workers === 0),
    }
    return watchEvents(`/api/sandbox/race/events?ids=${key}`, listeners, () => {})
  }, [key, settled])

  return { mails, hasNoWorker: hasNoWorker && !settled, settled }
}
