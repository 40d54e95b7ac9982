'use client'

import Link from 'next/link'
import type { Snapshot } from '@/lib/status/status'
import { useSandbox } from './sandbox'

type Props = { snapshot: Snapshot; mine: boolean }

/** Links below a ticket: to the mail, for the owner to the trace, and to what comes next. */
export function ReadMail({ snapshot, mine }: Props) {
  const sandbox = useSandbox()
  if (!sandbox.here || !snapshot.final || snapshot.status === 'failed') return null
  return (
    <div className="mt-4 flex flex-wrap items-center gap-x-6 stage:mt-1">
      <p className="mb-3 w-full text-center text-base text-pretty text-muted stage:hidden">
        The mailbox is part of this demonstration.
      </p>
      {sandbox.open && (
        <Link
          href={`/inbox/${snapshot.id}`}
          prefetch={false}
          className="flex-1 border-2 border-ink px-4 py-3 text-center text-lg font-semibold whitespace-nowrap hover:bg-ink hover:text-sheet stage:py-2"
        >
          Read the email
        </Link>
      )}
      {mine && (
        <Link href={`/tickets/${snapshot.id}/behind`} prefetch={false} className="link mx-auto text-base">
          Behind this ticket
        </Link>
      )}
      <p className="mt-3 flex w-full flex-wrap justify-center gap-x-6 text-base stage:mt-1">
        {mine && (
          <a href="#orders" className="link hidden stage:inline-block">
            More orders
          </a>
        )}
        {sandbox.open && (
          <Link href="/race" prefetch={false} className="link">
            See the race
          </Link>
        )}
        <Link href="/learn" prefetch={false} className="link">
          Learn how
        </Link>
      </p>
    </div>
  )
}
