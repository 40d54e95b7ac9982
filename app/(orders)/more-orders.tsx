import { lazy, Suspense } from 'react'

// Loaded after the signup. If the download fails, the ticket works without them.
const Orders = lazy(() => import('./_components/orders').catch(() => ({ default: () => null })))

/** The orders on the page of a fresh signup. */
export function MoreOrders({ ticketId }: { ticketId: string }) {
  return (
    <Suspense>
      <Orders ticketId={ticketId} />
    </Suspense>
  )
}
