import { cookies } from 'next/headers'
import { readOrders } from '@/lib/orders/orders'
import { cookieName, findOwner } from '@/lib/session'
import Orders from './_components/orders'

/** What the owner of a ticket, and nobody else, can ask for besides. */
export async function OwnersOrders({ ticketId }: { ticketId: string }) {
  const owner = await findOwner(ticketId, (await cookies()).get(cookieName())?.value)
  return owner && <Orders ticketId={ticketId} initial={await readOrders(owner.id)} />
}
