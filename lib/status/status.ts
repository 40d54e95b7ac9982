/** Reports arrive twice, late and out of order. So none lowers the rank. Of two with the same rank, the later one counts. */
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

/** `isReported`: by Resend. */
export type State = { status: EmailStatus; isReported: boolean }

/** A failure that Resend reports is final. A mail that the worker gave up can be redriven. */
export function rankOf({ status, isReported }: State): number {
  return status === 'failed' && isReported ? RANK.bounced : RANK[status]
}

export function canBecome(current: State, next: State): boolean {
  const isGivenUp = ({ status, isReported }: State): boolean => status === 'failed' && !isReported
  // A redrive, or Resend had accepted the mail.
  if (isGivenUp(current)) return next.status === 'queued' || rankOf(next) >= RANK.sent
  // The worker never gives up a mail that Resend has accepted.
  if (isGivenUp(next)) return rankOf(current) < RANK.sent
  return rankOf(next) >= rankOf(current) && next.status !== 'queued'
}

/** Unknown types count as transient, like a full mailbox: https://resend.com/docs/dashboard/emails/email-bounces */
export function statusOfBounce(type: string): EmailStatus {
  return type === 'permanent' ? 'bounced' : 'delayed'
}

/** Resend does not retry a soft bounce. A delayed delivery, which Resend retries, has no reason. */
export function isSoftBounce({ status, reason }: Pick<TimelineEntry, 'status' | 'reason'>): boolean {
  return status === 'delayed' && reason !== undefined
}

/** Returns true when no further report is expected. A late one may still raise the rank. */
export function isFinal(status: EmailStatus, hasWebhooks: boolean, hasBounced: boolean): boolean {
  if (status === 'sent') return !hasWebhooks
  if (status === 'delayed') return hasBounced
  return status === 'failed' || RANK[status] >= RANK.delivered
}

/** After a delivery, a complaint may come. After a soft bounce, the delivery may. */
export function mayStillChange(status: EmailStatus): boolean {
  return status === 'delayed' || status === 'delivered'
}

/** `waiting`: for a mail of this user that is in flight. */
export type Erasure = 'requested' | 'waiting'

/** Times are ISO 8601 in UTC, by the database's clock. */
export type TimelineEntry = {
  status: EmailStatus
  at: string
  attempt?: number
  reason?: string
  retryAt?: string
}

/** Public: it must not contain a name or an address. */
export type Snapshot = {
  id: string
  status: EmailStatus
  attempts: number
  version: number
  final: boolean
  timeline: TimelineEntry[]
  erasure?: Erasure
}
