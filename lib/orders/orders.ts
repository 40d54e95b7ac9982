import { createReader } from '../live/batch-reader'
import { streamEvents } from '../live/events'
import { watch } from '../live/watch'
import { HEARTBEAT } from '../live/workers'
import { type Progress, readProgress } from './export/progress'
import { OPEN } from './export/request'
import { type Invitations, readInvitations } from './invitations'

/** What a user has asked for since they signed up. */
export type Orders = {
  /** Null where the app doesn't offer any. */
  invitations: Invitations | null
  /** Null when there never was one. */
  export: Progress | null
  /** True when nothing more can come. */
  final: boolean
}

/** @throws when the database is unreachable. */
export async function readOrders(userId: string): Promise<Orders> {
  const [invitations, newest] = await Promise.all([readInvitations(userId), readProgress(userId)])
  const exporting = newest !== null && OPEN.includes(newest.status)
  return { invitations, export: newest, final: invitations?.final !== false && !exporting }
}

// A user may watch in many tabs, and after a lost connection all users are read again: a few at a time.
const readShared = createReader(1, (ids) => Promise.all(ids.map(readOrders)))

/** A hundred invitations move in a moment: no reader needs to see each of them. */
const PAUSE_MS = 100

/** Server-sent events about a user's orders: `orders`, at once and after each change, until nothing more can come. */
export function streamOrders(request: Request, userId: string, release: () => void): Response {
  return streamEvents(
    request,
    {
      heartbeat: HEARTBEAT,
      watch: (onChange) => watch('user_event', userId, onChange),
      pauseMs: PAUSE_MS,
      async update(send) {
        const orders = await readShared(userId)
        send('orders', orders)
        return orders.final
      },
    },
    release,
  )
}
