import { type EmailStatus, rankOf, type TimelineEntry } from '@/lib/status/status'

/**
 * Picks the entries that get a line on the ticket. It drops a repeat, because the worker and the mail service may both
 * report the same status. It drops a report that arrived after a later one.
 * @param status the status of the mail. When it is "failed", no other entry outranks that
 */
export function pickLines(timeline: TimelineEntry[], status: EmailStatus): TimelineEntry[] {
  const rank = (entry: TimelineEntry): number =>
    rankOf({ status: entry.status, isReported: status === 'failed' })
  let round: TimelineEntry[] = []
  const lines: TimelineEntry[] = []

  for (const entry of timeline) {
    // A redrive starts again.
    if (entry.status === 'queued') round = []
    const overtaken = round.some((line) => rank(line) > rank(entry))
    const repeated = round.some((line) => line.status === entry.status && isSame(line, entry))
    if (overtaken || repeated) continue

    round.push(entry)
    lines.push(entry)
  }
  return lines
}

function isSame(known: TimelineEntry, entry: TimelineEntry): boolean {
  const isSameAttempt =
    known.attempt === undefined || entry.attempt === undefined || known.attempt === entry.attempt
  // A soft bounce after a delayed delivery has a reason, so it gets a line.
  return isSameAttempt && (entry.reason === undefined || known.reason === entry.reason)
}
