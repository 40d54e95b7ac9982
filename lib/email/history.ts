import { VERDICTS } from './outcome'
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
  return attemptsIn(events.slice(queued)).filter(({ result }) => !wasRefused(result)).length
}

/**
 * Whether sending now might send a second mail: an earlier attempt may have been accepted without our hearing of it
 * (its answer was lost, or its worker died), and it is so old that Resend no longer knows its key.
 */
export function mightSendTwice(events: Event[]): boolean {
  const forced = events.findLastIndex(({ reason }) => reason === FORCED)
  return attemptsIn(events.slice(forced + 1)).some(
    ({ at, result }) => !wasRefused(result) && Date.now() - at.getTime() > KEY_LIFETIME_MS,
  )
}

/** Each attempt with the event that followed it, which is its result unless its worker died. */
function attemptsIn(events: Event[]): { at: Date; result: Event | undefined }[] {
  return events.flatMap(({ status, at }, index) =>
    status === 'sending' ? [{ at, result: events[index + 1] }] : [],
  )
}

/** Whether the answer leaves no doubt: Resend did not take the mail. */
function wasRefused(result: Event | undefined): boolean {
  const verdict = result?.reason ? VERDICTS[result.reason] : undefined
  return verdict !== undefined && verdict.kind !== 'retry' && verdict.kind !== 'unknown'
}
