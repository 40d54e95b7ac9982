import type { Metadata } from 'next'
import { cookies } from 'next/headers'
import { notFound } from 'next/navigation'
import { cache } from 'react'
import { SignedUp } from '@/app/components/signed-up'
import Tasks from '@/app/components/tasks/tasks'
import { parseWaited, WAITED_COOKIE } from '@/app/components/waited'
import { readSnapshot } from '@/lib/email/snapshot'
import { inSandbox } from '@/lib/env'
import { findOwner, SESSION_COOKIE } from '@/lib/session'
import { readTasks } from '@/lib/tasks'

// Whoever knows the address of a ticket may watch it: it is for the one who signed up, not for an index.
export async function generateMetadata({ params }: PageProps<'/signups/[id]'>): Promise<Metadata> {
  // Said here as well, or the page that says "not found" would bear the title of a ticket.
  if (!(await findSnapshot((await params).id))) notFound()
  return { title: 'Your ticket', robots: { index: false } }
}

export default async function TicketPage({ params }: PageProps<'/signups/[id]'>) {
  const { id } = await params
  const snapshot = await findSnapshot(id)
  if (!snapshot) notFound()

  const jar = await cookies()
  const waitedMs = parseWaited(jar.get(WAITED_COOKIE)?.value)
  const owner = await findOwner(id, jar.get(SESSION_COOKIE)?.value)
  const sandbox = inSandbox()
  return (
    <SignedUp key={snapshot.id} initial={snapshot} waitedMs={waitedMs} sandbox={sandbox}>
      {owner && <Tasks ticketId={snapshot.id} initial={await readTasks(owner.id)} sandbox={sandbox} />}
    </SignedUp>
  )
}

/** Read once for both of the above. */
const findSnapshot = cache(readSnapshot)
