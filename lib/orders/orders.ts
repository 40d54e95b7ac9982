import { createReader } from '../live/batch-reader'
import { streamEvents } from '../live/events'
import { watch } from '../live/watch'
import { HEARTBEAT } from '../live/workers'
import { type Progress, readProgress } from './export/progress'
import { OPEN } from './export/request'
import { type Invitations, readInvitations } from './invitations'

export type Orders = {
  invitations: Invitations | null
  export: Progress | null
  final: boolean
}

/** Reads the invitations and the newest export of a user. */
export async function readOrders(userId: string): Promise<Orders> {
  const [invitations, newest] = await Promise.all([readInvitations(userId), readProgress(userId)])
  const exporting = newest !== null && OPEN.includes(newest.status)
  return { invitations, export: newest, final: invitations?.final !== false && !exporting }
}

// A few at a time: after a reconnect, all watched users are read again.
const readShared = createReader(1, (ids) => Promise.all(ids.map(readOrders)))

const PAUSE_MS = 100

type Access = {
  /** False once the browser has lost the ticket, or has signed out. */
  isOwner: () => Promise<boolean>
  release: () => void
}

/** Streams a user's orders until they are final: `orders`, now and after each change. `denied` when the owner is another one. */
export function streamOrders(request: Request, userId: string, { isOwner, release }: Access): Response {
  return streamEvents(
    request,
    {
      heartbeat: HEARTBEAT,
      watch: (onChange) => watch('user_event', userId, onChange),
      pauseMs: PAUSE_MS,
      async update(send) {
        if (!(await isOwner())) {
          send('denied', {})
          return true
        }
        const orders = await readShared(userId)
        send('orders', orders)
        return orders.final
      },
    },
    release,
  )
}
