import type { Metadata } from 'next'
import { cookies, headers } from 'next/headers'
import { notFound, redirect } from 'next/navigation'
import { cache } from 'react'
import { OwnersOrders } from '@/app/(orders)/owners-orders' // orders
import { parseWaited, WAITED_COOKIE } from '@/app/components/signup/waited'
import { ConfirmMailbox } from '@/app/components/ticket/confirm-mailbox'
import { SignedUp } from '@/app/components/ticket/signed-up'
import { findOwner } from '@/lib/account/owner'
import { readToken } from '@/lib/account/session'
import { listTicketMails } from '@/lib/account/ticket'
import { readSnapshot } from '@/lib/live/snapshot'

// The URL of a ticket is a permission to watch it, so it must not be indexed.
export async function generateMetadata({ params }: PageProps<'/tickets/[id]'>): Promise<Metadata> {
  // Without this, the "not found" page would have the title of a ticket.
  if (!(await findSnapshot((await params).id))) notFound()
  return { title: 'Your ticket', robots: { index: false } }
}

export default async function TicketPage({ params }: PageProps<'/tickets/[id]'>) {
  const { id } = await params
  const first = await findSnapshot(id)
  if (!first) notFound()
  const mails = await listTicketMails(first.id)
  const [ticketId] = mails
  // A mail to a corrected address is shown on the ticket of the first mail.
  if (ticketId && ticketId !== first.id && mails.includes(first.id)) redirect(`/tickets/${ticketId}`)
  const snapshots = await Promise.all((ticketId === first.id ? mails : [first.id]).map(findSnapshot))
  const printed = snapshots.filter((snapshot) => snapshot !== null)

  const jar = await cookies()
  const waitedMs = parseWaited(jar.get(WAITED_COOKIE)?.value)
  const owner = await findOwner(first.id, readToken({ headers: await headers() }))
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

/** Reads once for metadata and page. */
const findSnapshot = cache(readSnapshot)
