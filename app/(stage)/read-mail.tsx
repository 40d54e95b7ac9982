'use client'

import Link from 'next/link'
import type { Snapshot } from '@/lib/email/status'
import { useSandbox } from './sandbox'

/** Under a ticket whose mail has gone out: the way to the mail itself. */
export function ReadMail({ snapshot }: { snapshot: Snapshot }) {
  if (!useSandbox() || !snapshot.final || snapshot.status === 'failed') return null
  return (
    <Link
      href={`/inbox/${snapshot.id}`}
      prefetch={false}
      className="mt-4 block border-2 border-ink px-4 py-3 text-center text-lg font-semibold hover:bg-ink hover:text-sheet stage:mt-1 stage:py-2"
    >
      Read the email
    </Link>
  )
}
