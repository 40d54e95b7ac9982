import { useEffect, useState } from 'react'
import type { Backstage } from '@/app/(stage)/_lib/backstage'
import type { BackstageMessage } from '@/app/(stage)/_lib/stream'
import { type Connection, watchEvents } from '@/app/components/ticket/watch-events'
import { Crowd } from './crowd'

type Live = {
  /** Nothing is known until the first message. */
  backstage: Partial<Backstage>
  /** Takes the place of what the server has said, until it says more. */
  correct: (known: Partial<Backstage>) => void
  crowd: Crowd
  connection: Connection
}

/** What goes on behind the scenes. The dots go to the picture directly: they move without React. */
export function useBackstage(): Live {
  const [backstage, setBackstage] = useState<Partial<Backstage>>({})
  const [connection, setConnection] = useState<Connection>('live')
  const [crowd] = useState(() => new Crowd())

  const correct = (known: Partial<Backstage>): void => setBackstage((before) => ({ ...before, ...known }))

  useEffect(() => {
    const listeners = {
      backstage: ({ dots, come, moves, gone, ...parts }: BackstageMessage) => {
        crowd.tell({ now: parts.now, dots, come, moves, gone })
        setBackstage((before) => ({ ...before, ...parts }))
      },
    }
    return watchEvents('/api/backstage/events', listeners, setConnection)
  }, [crowd])

  return { backstage, correct, crowd, connection }
}
