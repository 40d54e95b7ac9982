'use client'

import Link from 'next/link'
import { type ReactNode, useEffect, useRef } from 'react'
import type { Snapshot } from '@/lib/email/status'
import { Headline } from '../site/headline'
import { Spread } from '../site/spread'
import { Ticket } from './ticket'
import { useSnapshot } from './use-snapshot'
import { STATUS, STRANDED } from './words'

type Props = {
  initial: Snapshot
  waitedMs: number | undefined
  /** True when it follows the form in the same page, false when the server rendered it. */
  fresh?: boolean
  /** What the owner of the ticket can do besides. */
  children?: ReactNode
}

export function SignedUp({ initial, waitedMs, fresh = false, children }: Props) {
  const { snapshot, connection, stranded } = useSnapshot(initial)
  const headlineRef = useRef<HTMLHeadingElement>(null)
  const ticketRef = useRef<HTMLDivElement>(null)
  const { headline, sentence, tone } = STATUS[snapshot.status]

  // The form has gone, and the focus with it. On a phone the ticket prints below the fold.
  useEffect(() => {
    if (!fresh) return
    headlineRef.current?.focus({ preventScroll: true })
    const narrow = window.matchMedia('(width < 64rem)').matches
    const still = window.matchMedia('(prefers-reduced-motion: reduce)').matches
    if (narrow) ticketRef.current?.scrollIntoView({ behavior: still ? 'instant' : 'smooth' })
  }, [fresh])

  return (
    <>
      <Spread
        starring
        aside={
          // A place for the whole ticket, so that what follows doesn’t move while it prints.
          <div ref={ticketRef} className={`scroll-mt-4 ${children ? 'ticket-place min-h-190' : ''}`}>
            <Ticket
              snapshot={snapshot}
              connection={connection}
              stranded={stranded}
              waitedMs={waitedMs}
              fresh={fresh}
            />
          </div>
        }
      >
        <Headline ref={headlineRef} describedBy="waited" news={headline} tone={tone}>
          You’re in. <br />
          The email
        </Headline>
        <p role="status" className="lead mt-6 min-h-24 max-w-xl text-2xl leading-8 text-pretty text-muted">
          {stranded ? STRANDED.sentence : sentence}
        </p>
        <Link href="/" className="mt-8 link text-xl font-semibold">
          Sign somebody else up
        </Link>
      </Spread>
      {children}
    </>
  )
}
