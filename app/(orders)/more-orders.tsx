import { lazy, Suspense } from 'react'

// Nobody needs them before they have signed up. If they cannot be loaded then, the ticket is what counts.
const Orders = lazy(() => import('./_components/orders').catch(() => ({ default: () => null })))

/** What the one who has just signed up can ask for besides. */
export function MoreOrders({ ticketId }: { ticketId: string }) {
  return (
    <Suspense>
      <Orders ticketId={ticketId} />
    </Suspense>
  )
}
