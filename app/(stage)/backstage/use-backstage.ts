import { useEffect, useState } from 'react'
import type { Backstage } from '@/app/(stage)/_lib/backstage'
import type { BackstageMessage } from '@/app/(stage)/_lib/stream'
import { type Connection, watchEvents } from '@/app/components/ticket/watch-events'
import { Crowd } from './crowd'

type Live = {
  /** Empty until the first message. */
  backstage: Partial<Backstage>
  /** Overrides the server's values until its next message. */
  correct: (known: Partial<Backstage>) => void
  crowd: Crowd
  connection: Connection
}

/** The live state of the backstage. The dots go to the picture directly, because they move without React. */
export function useBackstage(): Live {
  const [backstage, setBackstage] = useState<Partial<Backstage>>({})
  const [connection, setConnection] = useState<Connection>('live')
  const [crowd] = useState(() => new Crowd())

  const correct = (known: Partial<Backstage>): void => setBackstage((before) => ({ ...before, ...known }))

  useEffect(() => {
    const listeners = {
      backstage: ({ dots, come, moves, gone, ...parts }: BackstageMessage) => {
        crowd.update({ now: parts.now, dots, come, moves, gone })
        setBackstage((before) => ({ ...before, ...parts }))
      },
    }
    return watchEvents('/api/backstage/events', listeners, setConnection)
  }, [crowd])

  return { backstage, correct, crowd, connection }
}
