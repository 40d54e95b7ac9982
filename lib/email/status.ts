/**
 * The life of an email as everybody sees it. Runs in the browser too: nothing in here does I/O.
 *
 * The rank orders the statuses. Messages about an email arrive twice, late and out of order;
 * a status only ever moves up in rank, so the order of arrival cannot change where it ends.
 */
export const RANK = {
  queued: 0,
  sending: 1,
  retrying: 1,
  sent: 2,
  failed: 2,
  delayed: 3,
  delivered: 4,
  bounced: 5,
  suppressed: 5,
  complained: 5,
} as const

export type EmailStatus = keyof typeof RANK

/** A status, and whether Resend reported it. Only for "failed" that makes a difference. */
export type Standing = { status: EmailStatus; isReported: boolean }

/** "failed" is two things: given up by us, and a redrive leads back; or reported by Resend, which is the end. */
export function rankOf({ status, isReported }: Standing): number {
  return status === 'failed' && isReported ? RANK.bounced : RANK[status]
}

/** Whether an email that is `current` may become `next`. */
export function mayBecome(current: Standing, next: Standing): boolean {
  const isGivenUp = ({ status, isReported }: Standing): boolean => status === 'failed' && !isReported
  // It may have been accepted after all.
  if (isGivenUp(current)) return next.status === 'queued' || rankOf(next) >= RANK.sent
  // What Resend accepted is no longer ours to give up.
  if (isGivenUp(next)) return rankOf(current) < RANK.sent
  return rankOf(next) >= rankOf(current) && next.status !== 'queued'
}

/**
 * What a bounce means. Only a permanent one says that the address is wrong. A full mailbox and an out-of-office answer
 * are "transient", and a type that Resend invents tomorrow is no reason to blame the address either.
 * @param type Resend's, in lower case
 */
export function statusOfBounce(type: string): EmailStatus {
  return type === 'permanent' ? 'bounced' : 'delayed'
}

/**
 * Whether an entry reports a bounce that was not permanent: Resend does not try again. It has the type as its reason;
 * a delivery that is delayed, and that Resend tries again, has none.
 */
export function isSoftBounce({ status, reason }: Pick<TimelineEntry, 'status' | 'reason'>): boolean {
  return status === 'delayed' && reason !== undefined
}

/**
 * Whether the story is told for now. A later report may still raise the rank.
 * @param hasWebhooks without them, "sent" is the last thing we ever hear
 * @param hasBounced whether there is a soft bounce on its timeline
 */
export function isFinal(status: EmailStatus, hasWebhooks: boolean, hasBounced: boolean): boolean {
  if (status === 'sent') return !hasWebhooks
  if (status === 'delayed') return hasBounced
  return status === 'failed' || RANK[status] >= RANK.delivered
}

/** Waiting: a mail of theirs is under way, and has to come to an end first. */
export type Erasure = 'requested' | 'waiting'

/** One line of the timeline. `at` and `retryAt` are ISO 8601 in UTC, by the database's clock. */
export type TimelineEntry = {
  status: EmailStatus
  at: string
  attempt?: number
  reason?: string
  retryAt?: string
}

/** All that the public may know of an email. It never contains a name or an address. */
export type Snapshot = {
  id: string
  status: EmailStatus
  attempts: number
  /** Grows with the timeline, and with the erasure: a snapshot with a higher version is a newer one. */
  version: number
  /** True when the story is told for now: see `isFinal`. */
  final: boolean
  timeline: TimelineEntry[]
  /** How far the erasure of the user is, if somebody has asked for it. Then everything goes, this email too. */
  erasure?: Erasure
}
