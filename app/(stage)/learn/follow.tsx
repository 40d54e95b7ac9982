import { useEffect } from 'react'
import { useSnapshot } from '@/app/components/ticket/use-snapshot'
import type { Snapshot } from '@/lib/status/status'

export type News = Pick<ReturnType<typeof useSnapshot>, 'snapshot' | 'connection' | 'hasNoWorker'>

/** Follows one email and passes on its changes. Renders nothing. */
export function Follow({ initial, onNews }: { initial: Snapshot; onNews: (news: News) => void }) {
  const { snapshot, connection, hasNoWorker } = useSnapshot(initial)
  useEffect(() => onNews({ snapshot, connection, hasNoWorker }), [onNews, snapshot, connection, hasNoWorker])
  return null
}
