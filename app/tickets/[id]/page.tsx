import type { Metadata } from 'next'
import { cookies } from 'next/headers'
import { notFound, redirect } from 'next/navigation'
import { cache } from 'react'
import { OwnersOrders } from '@/app/(orders)/owners-orders' // orders
import { parseWaited, WAITED_COOKIE } from '@/app/components/signup/waited'
import { ConfirmMailbox } from '@/app/components/ticket/confirm-mailbox'
import { SignedUp } from '@/app/components/ticket/signed-up'
import { findOwner } from '@/lib/account/owner'
import { cookieName } from '@/lib/account/session'
import { listTicketMails } from '@/lib/account/ticket'
import { readSnapshot } from '@/lib/live/snapshot'

// Whoever knows the address of a ticket may watch it: it is for the one who signed up, not for an index.
export async function generateMetadata({ params }: PageProps<'/tickets/[id]'>): Promise<Metadata> {
  // Said here as well, or the page that says "not found" would bear the title of a ticket.
  if (!(await findSnapshot((await params).id))) notFound()
  return { title: 'Your ticket', robots: { index: false } }
}

export default async function TicketPage({ params }: PageProps<'/tickets/[id]'>) {
  const { id } = await params
  const first = await findSnapshot(id)
  if (!first) notFound()
  const mails = await listTicketMails(first.id)
  const [ticketId] = mails
  // The mail to a corrected address leads to where it is printed.
  if (ticketId && ticketId !== first.id && mails.includes(first.id)) redirect(`/tickets/${ticketId}`)
  const snapshots = await Promise.all((ticketId === first.id ? mails : [first.id]).map(findSnapshot))
  const printed = snapshots.filter((snapshot) => snapshot !== null)

  const jar = await cookies()
  const waitedMs = parseWaited(jar.get(WAITED_COOKIE)?.value)
  const owner = await findOwner(first.id, jar.get(cookieName())?.value)
  return (
    <>
      <ConfirmMailbox />
      <SignedUp
        key={first.id}
        ticketId={first.id}
        initial={printed.at(-1) ?? first}
        earlier={printed.slice(0, -1).flatMap(({ timeline }) => timeline)}
        owner={owner ? { name: owner.name, email: owner.email } : undefined}
        waitedMs={waitedMs}
      >
        {owner && <OwnersOrders ticketId={first.id} userId={owner.id} />} {/* orders */}
      </SignedUp>
    </>
  )
}

/** Read once for both of the above. */
const findSnapshot = cache(readSnapshot)
