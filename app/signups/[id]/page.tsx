import type { Metadata } from 'next'
import { cookies } from 'next/headers'
import { notFound } from 'next/navigation'
import { SignedUp } from '@/app/components/signed-up'
import { parseWaited, WAITED_COOKIE } from '@/app/components/waited'
import { readSnapshot } from '@/lib/email/snapshot'
import { inSandbox } from '@/lib/env'

// Whoever knows the address of a ticket may watch it: it is for the one who signed up, not for an index.
export const metadata: Metadata = { title: 'Your ticket', robots: { index: false } }

export default async function TicketPage({ params }: PageProps<'/signups/[id]'>) {
  const { id } = await params
  const snapshot = await readSnapshot(id)
  if (!snapshot) notFound()

  const waitedMs = parseWaited((await cookies()).get(WAITED_COOKIE)?.value)
  return <SignedUp key={snapshot.id} initial={snapshot} waitedMs={waitedMs} sandbox={inSandbox()} />
}
