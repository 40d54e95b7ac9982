import type { Metadata } from 'next'
import { cookies, headers } from 'next/headers'
import { notFound, redirect } from 'next/navigation'
import { cache } from 'react'
import { OwnersOrders } from '@/app/(orders)/owners-orders' // orders
import { parseWaited, WAITED_COOKIE } from '@/app/components/signup/waited'
import { ConfirmMailbox } from '@/app/components/ticket/confirm-mailbox'
import { SignedUp } from '@/app/components/ticket/signed-up'
import { nameTicket } from '@/app/components/ticket/title'
import { describeEmail } from '@/app/components/ticket/words'
import { findOwner } from '@/lib/account/owner'
import { readToken } from '@/lib/account/session'
import { listTicketMails } from '@/lib/account/ticket'
import { readSnapshot } from '@/lib/live/snapshot'
import type { Snapshot } from '@/lib/status/status'

// The URL of a ticket is a permission to watch it, so it must not be indexed.
export async function generateMetadata({ params }: PageProps<'/tickets/[id]'>): Promise<Metadata> {
  const printed = await findTicket((await params).id)
  const [first, newest] = [printed[0], printed.at(-1)]
  // Without this, the "not found" page would have the title of a ticket.
  if (!first || !newest) notFound()
  return { title: nameTicket(first.id, describeEmail(newest).line), robots: { index: false } }
}

export default async function TicketPage({ params }: PageProps<'/tickets/[id]'>) {
  const { id } = await params
  const printed = await findTicket(id)
  const [first, newest] = [printed[0], printed.at(-1)]
  if (!first || !newest) notFound()
  // A mail to a corrected address is shown on the ticket of the first mail.
  if (first.id !== id.toLowerCase()) redirect(`/tickets/${first.id}`)

  const jar = await cookies()
  const waitedMs = parseWaited(jar.get(WAITED_COOKIE)?.value)
  const owner = await findOwner(first.id, readToken({ headers: await headers() }))
  return (
    <>
      <ConfirmMailbox />
      <SignedUp
        key={`${first.id} ${newest.id}`}
        ticketId={first.id}
        initial={newest}
        earlier={printed.slice(0, -1).flatMap(({ timeline }) => timeline)}
        owner={owner ? { name: owner.name, email: owner.email } : undefined}
        waitedMs={waitedMs}
      >
        {owner && <OwnersOrders ticketId={first.id} userId={owner.id} />} {/* orders */}
      </SignedUp>
    </>
  )
}

/** The mails of a ticket, oldest first. A mail of another kind stands for itself. Read once for metadata and page. */
const findTicket = cache(async (id: string): Promise<Snapshot[]> => {
  const asked = await readSnapshot(id)
  if (!asked) return []
  const mails = await listTicketMails(asked.id)
  const snapshots = await Promise.all((mails.includes(asked.id) ? mails : [asked.id]).map(readSnapshot))
  return snapshots.filter((snapshot) => snapshot !== null)
})
