'use client'

import Link from 'next/link'
import { lazy, type ReactNode, Suspense, useEffect, useRef, useState } from 'react'
import type { EmailStatus, Snapshot, TimelineEntry } from '@/lib/status/status'
import type { Person } from '../signup/send-signup'
import { Headline } from '../site/headline'
import { Spread } from '../site/spread'
import { Account } from './account'
import type { Correction } from './correct-address'
import { Ticket } from './ticket'
import { useSnapshot } from './use-snapshot'
import { describeEmail, ERASURE, HELD, isUnwanted, STRANDED } from './words'

type Props = {
  /** The id of the first mail that was printed on it. */
  ticketId: string
  initial: Snapshot
  /** What is on the ticket of mails to addresses that were corrected since. */
  earlier?: TimelineEntry[]
  waitedMs: number | undefined
  /** True when it follows the form in the same page, false when the server rendered it. */
  fresh?: boolean
  /** For whom it is, if it was this browser that signed up. */
  owner: Person | undefined
  /** What the owner of the ticket can do besides. */
  children?: ReactNode
}

// Few need it. If it cannot be loaded, the ticket is what counts.
const CorrectAddress = lazy(() => import('./correct-address').catch(() => ({ default: () => null })))

type Print = { mail: Snapshot; earlier: TimelineEntry[]; owner: Person | undefined }

// Back and Forward mount a ticket anew: it goes on with the address that was corrected in this tab.
const corrected = new Map<string, Print>()

export function SignedUp({ ticketId, waitedMs, fresh = false, children, ...props }: Props) {
  const [print, setPrint] = useState(() => findPrint(ticketId, props))
  const { earlier, owner } = print
  const { snapshot, connection, stranded, held, erased, update, replace } = useSnapshot(print.mail)
  const headlineRef = useRef<HTMLHeadingElement>(null)
  const ticketRef = useRef<HTMLDivElement>(null)
  const leaving = erased ? 'erased' : snapshot.erasure
  const { headline, sentence, tone } = leaving ? ERASURE[leaving] : describeEmail(snapshot)
  const waiting = leaving ? STRANDED.erasure : STRANDED.sentence
  const told = stranded ? waiting : held ? HELD.sentence : sentence

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

  function handleCorrection({ user, welcomeEmail }: Correction): void {
    const next = { mail: welcomeEmail, earlier: [...earlier, ...snapshot.timeline], owner: user }
    corrected.set(ticketId, next)
    setPrint(next)
    replace(welcomeEmail)
    // The form that was sent goes.
    headlineRef.current?.focus({ preventScroll: true })
  }

  return (
    <>
      <Spread
        starring
        aside={
          // A place for the whole ticket, so that what follows doesn’t move while it prints.
          <div ref={ticketRef} className={`scroll-mt-4 ${children ? 'ticket-place min-h-220' : ''}`}>
            <Ticket
              ticketId={ticketId}
              owner={owner}
              snapshot={snapshot}
              earlier={earlier}
              connection={connection}
              stranded={stranded}
              held={held}
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
          {told}
        </p>
        {owner && !leaving && REFUSED.includes(snapshot.status) && !isUnwanted(snapshot) && (
          <Suspense>
            <CorrectAddress ticketId={ticketId} address={owner.email} onCorrection={handleCorrection} />
          </Suspense>
        )}
        <Link href="/" className="mt-8 link text-xl font-semibold">
          Sign somebody else up
        </Link>
      </Spread>
      {!leaving && children}
      {!leaving && owner && <Account ticketId={ticketId} onErasure={showErasure} />}
    </>
  )
}

/** What only another address can mend. */
const REFUSED: EmailStatus[] = ['bounced', 'suppressed']

function findPrint(
  ticketId: string,
  { initial, earlier = [], owner }: Pick<Props, 'initial' | 'earlier' | 'owner'>,
): Print {
  const known = corrected.get(ticketId)
  // The server may know of more, from another tab; and a session that is over is nobody's.
  if (known && owner && known.earlier.length > earlier.length) return known
  return { mail: initial, earlier, owner }
}
