import { readOrders } from '@/lib/orders/orders'
import Orders from './_components/orders'

/** The orders on the ticket page, for the owner only. */
export async function OwnersOrders({ ticketId, userId }: { ticketId: string; userId: string }) {
  return <Orders ticketId={ticketId} initial={await readOrders(userId)} />
}
