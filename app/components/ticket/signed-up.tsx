'use client'

import Link from 'next/link'
import { lazy, type ReactNode, Suspense, useEffect, useLayoutEffect, useRef, useState } from 'react'
import { flushSync } from 'react-dom'
import type { EmailStatus, Snapshot, TimelineEntry } from '@/lib/status/status'
import type { Person } from '../signup/send-signup'
import { Headline } from '../site/headline'
import { SITE } from '../site/name'
import { Spread } from '../site/spread'
import { Account } from './account'
import type { Correction } from './correct-address'
import { Ticket } from './ticket'
import { nameTicket } from './title'
import { useSnapshot } from './use-snapshot'
import { describeEmail, ERASURE, HELD, isUnwanted, NO_WORKER } from './words'

type Props = {
  /** The id of the first mail of the user. */
  ticketId: string
  initial: Snapshot
  /** The timelines of mails to addresses that were corrected since. */
  earlier?: TimelineEntry[]
  waitedMs: number | undefined
  /** True after a signup on the same page, false when the server rendered the ticket. */
  fresh?: boolean
  /** Only set in the browser that holds the ticket. */
  owner: Person | undefined
  children?: ReactNode
}

// Loaded when needed. If the download fails, the ticket works without it.
const CorrectAddress = lazy(() => import('./correct-address').catch(() => ({ default: () => null })))

type Print = { mail: Snapshot; earlier: TimelineEntry[]; owner: Person | undefined }

// Back and Forward mount the component again. This keeps the address that was corrected in this tab.
const corrected = new Map<string, Print>()

export function SignedUp({ ticketId, waitedMs, fresh = false, children, ...props }: Props) {
  const [print, setPrint] = useState(() => findPrint(ticketId, props))
  const { earlier, owner } = print
  const { snapshot, connection, hasNoWorker, held, erased, update, replace } = useSnapshot(print.mail)
  const headlineRef = useRef<HTMLHeadingElement>(null)
  const ticketRef = useRef<HTMLDivElement>(null)
  const leaving = erased ? 'erased' : snapshot.erasure
  const isOwner = owner !== undefined
  const words = leaving ? ERASURE[leaving] : describeEmail(snapshot)
  const { headline, sentence, tone } = words
  const waiting = leaving ? NO_WORKER.erasure : NO_WORKER.sentence
  const explanation = hasNoWorker ? waiting : held ? HELD.sentence : sentence

  // The focused form is gone. On a phone the ticket prints below the fold.
  useEffect(() => {
    if (!fresh) return
    headlineRef.current?.focus({ preventScroll: true })
    const narrow = window.matchMedia('(width < 64rem)').matches
    const still = window.matchMedia('(prefers-reduced-motion: reduce)').matches
    if (narrow) ticketRef.current?.scrollIntoView({ behavior: still ? 'instant' : 'smooth' })
  }, [fresh])

  const title = nameTicket(ticketId, words.line)

  // Next may bring the title of the page behind it late. A layout effect, because it ends before the next page's title.
  useLayoutEffect(() => {
    const full = `${title} · ${SITE}`
    const keep = (): void => {
      if (document.title !== full) document.title = full
    }
    keep()
    const observer = new MutationObserver(keep)
    observer.observe(document.head, { childList: true, characterData: true, subtree: true })
    return () => observer.disconnect()
  }, [title])

  /** Moves the focus from an element that the change removes. The headline must be the new one when it is read out. */
  function change(make: () => void): void {
    flushSync(make)
    headlineRef.current?.focus({ preventScroll: true })
  }

  function showErasure(next: Snapshot | undefined): void {
    change(() => (next && next.id !== snapshot.id ? replace(next) : update(next)))
    window.scrollTo({ top: 0 })
  }

  function handleCorrection({ user, welcomeEmail }: Correction): void {
    const next = { mail: welcomeEmail, earlier: [...earlier, ...snapshot.timeline], owner: user }
    corrected.set(ticketId, next)
    change(() => {
      setPrint(next)
      replace(welcomeEmail)
    })
  }

  return (
    <>
      <Spread
        starring
        aside={
          // Reserves room for the whole ticket, so that the page does not move while it prints.
          <div ref={ticketRef} className={`scroll-mt-4 ${children ? 'ticket-place min-h-220' : ''}`}>
            <Ticket
              ticketId={ticketId}
              owner={owner}
              snapshot={snapshot}
              earlier={earlier}
              connection={connection}
              hasNoWorker={hasNoWorker}
              held={held}
              erased={erased}
              waitedMs={waitedMs}
              fresh={fresh}
            />
          </div>
        }
      >
        <Headline ref={headlineRef} describedBy={leaving ? undefined : 'waited'} news={headline} tone={tone}>
          {/* Elements, because a browser that translates the page replaces texts. */}
          {leaving ? (
            <span key="out">{isOwner ? 'You’re out.' : 'This signup:'}</span>
          ) : (
            <span key="in">
              {isOwner ? 'You’re in.' : 'Signed up.'} <br />
              The email
            </span>
          )}
        </Headline>
        <p role="status" className="lead mt-6 min-h-24 max-w-xl text-2xl leading-8 text-pretty text-muted">
          {explanation}
        </p>
        {owner && !leaving && REFUSED.includes(snapshot.status) && !isUnwanted(snapshot) && (
          <Suspense>
            <CorrectAddress
              ticketId={ticketId}
              address={owner.email}
              fresh={fresh}
              onCorrection={handleCorrection}
            />
          </Suspense>
        )}
        <Link href="/" className="mt-8 link text-xl font-semibold">
          Sign up another person
        </Link>
      </Spread>
      {!leaving && children}
      {!leaving && owner && <Account ticketId={ticketId} onErasure={showErasure} />}
    </>
  )
}

/** Only another address helps. */
const REFUSED: EmailStatus[] = ['bounced', 'suppressed']

function findPrint(
  ticketId: string,
  { initial, earlier = [], owner }: Pick<Props, 'initial' | 'earlier' | 'owner'>,
): Print {
  const known = corrected.get(ticketId)
  // A correction in another tab is newer than ours. Without a session there is no owner.
  if (known && owner && known.earlier.length > earlier.length) return known
  return { mail: initial, earlier, owner }
}
