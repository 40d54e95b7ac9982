import { findVerdict } from './outcome'
import type { EmailStatus } from './status'

/** Resend recognises an idempotency key for 24 h. We rely on it a little less long. */
const KEY_LIFETIME_MS = 23 * 60 * 60 * 1000

/** The reason of a "queued" event that says: a person decided to send again, whatever happened before. */
export const FORCED = 'forced'

type Event = { status: EmailStatus; at: Date; reason: string | null }

/**
 * Whether sending now might send a second mail: an earlier attempt may have been accepted without our hearing of it
 * (its answer was lost, or its worker died), and it is so old that Resend no longer knows its key.
 * @param events all events of the email, oldest first
 */
export function mightSendTwice(events: Event[], now = Date.now()): boolean {
  const forced = events.findLastIndex(({ reason }) => reason === FORCED)
  return events.slice(forced + 1).some((event, index, all) => {
    const old = now - event.at.getTime() > KEY_LIFETIME_MS
    return event.status === 'sending' && old && !isRefusal(all[index + 1])
  })
}

// An answer that leaves no doubt: Resend did not take the mail.
function isRefusal(event: Event | undefined): boolean {
  const verdict = event?.reason ? findVerdict(event.reason) : undefined
  return verdict !== undefined && verdict.kind !== 'retry' && verdict.kind !== 'unknown'
}
