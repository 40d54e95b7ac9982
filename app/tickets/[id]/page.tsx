import type { Metadata } from 'next'
import { cookies } from 'next/headers'
import { notFound } from 'next/navigation'
import { cache } from 'react'
import { OwnersOrders } from '@/app/(orders)/owners-orders' // orders
import { parseWaited, WAITED_COOKIE } from '@/app/components/signup/waited'
import { SignedUp } from '@/app/components/ticket/signed-up'
import { readSnapshot } from '@/lib/email/snapshot'
import { cookieName, findOwner } from '@/lib/session'

// Whoever knows the address of a ticket may watch it: it is for the one who signed up, not for an index.
export async function generateMetadata({ params }: PageProps<'/tickets/[id]'>): Promise<Metadata> {
  // Said here as well, or the page that says "not found" would bear the title of a ticket.
  if (!(await findSnapshot((await params).id))) notFound()
  return { title: 'Your ticket', robots: { index: false } }
}

export default async function TicketPage({ params }: PageProps<'/tickets/[id]'>) {
  const { id } = await params
  const snapshot = await findSnapshot(id)
  if (!snapshot) notFound()

  const jar = await cookies()
  const waitedMs = parseWaited(jar.get(WAITED_COOKIE)?.value)
  const owner = await findOwner(snapshot.id, jar.get(cookieName())?.value)
  return (
    <SignedUp key={snapshot.id} initial={snapshot} waitedMs={waitedMs} owned={owner !== null}>
      {owner && <OwnersOrders ticketId={snapshot.id} userId={owner.id} />} {/* orders */}
    </SignedUp>
  )
}

/** Read once for both of the above. */
const findSnapshot = cache(readSnapshot)
