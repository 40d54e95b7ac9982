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

/** Whether an email that is `current` may become `next`. */
export function mayBecome(current: EmailStatus, next: EmailStatus): boolean {
  // A redrive is the one way back; and a mail that Resend accepted can still fail, but not the other way round.
  if (current === 'failed') return next === 'queued' || RANK[next] > RANK.failed
  return RANK[next] >= RANK[current] && next !== 'queued'
}

/** Whether nothing more can come. Without webhooks, "sent" is the last thing we ever hear. */
export function isFinal(status: EmailStatus, hasWebhooks: boolean): boolean {
  if (status === 'sent') return !hasWebhooks
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
  /** True when nothing more can come. */
  final: boolean
  timeline: TimelineEntry[]
  /** How far the erasure of the user is, if somebody has asked for it. Then everything goes, this email too. */
  erasure?: Erasure
}
