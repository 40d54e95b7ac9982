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

/** A status, and whether Resend reported it. This matters for "failed" only. */
export type Standing = { status: EmailStatus; isReported: boolean }

/** Returns the rank. A mail that the worker gave up can be redriven. A failure that Resend reports is the end. */
export function rankOf({ status, isReported }: Standing): number {
  return status === 'failed' && isReported ? RANK.bounced : RANK[status]
}

/** Whether an email that is `current` may become `next`. */
export function mayBecome(current: Standing, next: Standing): boolean {
  const isGivenUp = ({ status, isReported }: Standing): boolean => status === 'failed' && !isReported
  // Resend may have accepted it after all.
  if (isGivenUp(current)) return next.status === 'queued' || rankOf(next) >= RANK.sent
  // The worker never gives up a mail that Resend has accepted.
  if (isGivenUp(next)) return rankOf(current) < RANK.sent
  return rankOf(next) >= rankOf(current) && next.status !== 'queued'
}

/**
 * Maps a bounce to a status. Only a permanent bounce means that the address is wrong. A full mailbox and an out-of-office
 * answer are "transient". A type that this version does not know is treated like them.
 * @param type Resend's type in lower case. https://resend.com/docs/dashboard/emails/email-bounces
 */
export function statusOfBounce(type: string): EmailStatus {
  return type === 'permanent' ? 'bounced' : 'delayed'
}

/**
 * Returns true for a soft bounce: it was not permanent, and Resend does not retry. Its reason is the bounce type.
 * A delayed delivery, which Resend does retry, has no reason.
 */
export function isSoftBounce({ status, reason }: Pick<TimelineEntry, 'status' | 'reason'>): boolean {
  return status === 'delayed' && reason !== undefined
}

/**
 * Returns true when no further news is expected. A later report may still raise the rank.
 * @param hasWebhooks without webhooks, "sent" is the last status that a mail reaches
 * @param hasBounced true when the timeline contains a soft bounce
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
  /** True when no further news is expected: see `isFinal`. */
  final: boolean
  timeline: TimelineEntry[]
  /** How far the erasure of the user is, if somebody has asked for it. Then everything goes, this email too. */
  erasure?: Erasure
}
