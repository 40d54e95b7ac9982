'use client'

import Link from 'next/link'
import { type ReactNode, useEffect, useRef } from 'react'
import type { Snapshot } from '@/lib/email/status'
import { Headline } from '../site/headline'
import { Spread } from '../site/spread'
import { Account } from './account'
import { Ticket } from './ticket'
import { useSnapshot } from './use-snapshot'
import { ERASURE, STATUS, STRANDED } from './words'

type Props = {
  initial: Snapshot
  waitedMs: number | undefined
  /** True when it follows the form in the same page, false when the server rendered it. */
  fresh?: boolean
  /** True when it was this browser that signed up. */
  owned: boolean
  /** What the owner of the ticket can do besides. */
  children?: ReactNode
}

export function SignedUp({ initial, waitedMs, fresh = false, owned, children }: Props) {
  const { snapshot, connection, stranded, erased, update } = useSnapshot(initial)
  const headlineRef = useRef<HTMLHeadingElement>(null)
  const ticketRef = useRef<HTMLDivElement>(null)
  const leaving = erased ? 'erased' : snapshot.erasure
  const { headline, sentence, tone } = leaving ? ERASURE[leaving] : STATUS[snapshot.status]
  const waiting = leaving ? STRANDED.erasure : STRANDED.sentence

  // The form has gone, and the focus with it. On a phone the ticket prints below the fold.
  useEffect(() => {
    if (!fresh) return
    headlineRef.current?.focus({ preventScroll: true })
    const narrow = window.matchMedia('(width < 64rem)').matches
    const still = window.matchMedia('(prefers-reduced-motion: reduce)').matches
    if (narrow) ticketRef.current?.scrollIntoView({ behavior: still ? 'instant' : 'smooth' })
  }, [fresh])

  function showErasure(next: Snapshot | undefined): void {
    update(next)
    // The button that was pressed goes.
    headlineRef.current?.focus({ preventScroll: true })
    window.scrollTo({ top: 0 })
  }

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
              erased={erased}
              waitedMs={waitedMs}
              fresh={fresh}
            />
          </div>
        }
      >
        <Headline ref={headlineRef} describedBy="waited" news={headline} tone={tone}>
          {leaving ? (
            'You’re out.'
          ) : (
            <>
              You’re in. <br />
              The email
            </>
          )}
        </Headline>
        <p role="status" className="lead mt-6 min-h-24 max-w-xl text-2xl leading-8 text-pretty text-muted">
          {stranded ? waiting : sentence}
        </p>
        <Link href="/" className="mt-8 link text-xl font-semibold">
          Sign somebody else up
        </Link>
      </Spread>
      {!leaving && children}
      {!leaving && owned && <Account ticketId={snapshot.id} onErasure={showErasure} />}
    </>
  )
}
