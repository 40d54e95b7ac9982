import { findVerdict } from './outcome'
import type { EmailStatus } from './status'

/* What the events of an email, oldest first, say about its attempts. */
type Event = { status: EmailStatus; at: Date; reason: string | null }

/** Resend recognises an idempotency key for 24 h. We rely on it a little less long. */
const KEY_LIFETIME_MS = 23 * 60 * 60 * 1000

/** The reason of a "queued" event that says: a person decided to send again, whatever happened before. */
export const FORCED = 'forced'

/** How many attempts have failed since the email was last queued. Being asked to wait is no failure. */
export function countFailures(events: Event[]): number {
  const queued = events.findLastIndex(({ status }) => status === 'queued')
  return doubtfulAttempts(events.slice(queued + 1)).length
}

/** Whether an attempt may have been accepted without our hearing of it: its answer was lost, or its worker died. */
export function mayHaveBeenAccepted(events: Event[]): boolean {
  return doubtfulAttempts(events).length > 0
}

/** Whether sending now might send a second mail: one may have been accepted, and Resend no longer knows its key. */
export function mightSendTwice(events: Event[]): boolean {
  const forced = events.findLastIndex(({ reason }) => reason === FORCED)
  return doubtfulAttempts(events.slice(forced + 1)).some(
    ({ at }) => Date.now() - at.getTime() > KEY_LIFETIME_MS,
  )
}

// The event that follows an attempt is its result, unless its worker died.
function doubtfulAttempts(events: Event[]): Event[] {
  return events.filter(({ status }, index) => status === 'sending' && !isRefusal(events[index + 1]))
}

// An answer that leaves no doubt: Resend did not take the mail.
function isRefusal(event: Event | undefined): boolean {
  const verdict = event?.reason ? findVerdict(event.reason) : undefined
  return verdict !== undefined && verdict.kind !== 'retry' && verdict.kind !== 'unknown'
}
