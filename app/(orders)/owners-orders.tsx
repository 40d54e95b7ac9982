import { readOrders } from '@/lib/orders/orders'
import Orders from './_components/orders'

/** What the owner of a ticket, and nobody else, can ask for besides. */
export async function OwnersOrders({ ticketId, userId }: { ticketId: string; userId: string }) {
  return <Orders ticketId={ticketId} initial={await readOrders(userId)} />
}
