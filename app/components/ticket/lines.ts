import { type EmailStatus, rankOf, type TimelineEntry } from '@/lib/status/status'

/**
 * The entries worth a line on the ticket. Worker and mail service may both report the same thing, and
 * a report may come after a later one has overtaken it: neither is news to the reader.
 * @param status the mail's own. When it is "failed", no other entry outranks that
 */
export function pickLines(timeline: TimelineEntry[], status: EmailStatus): TimelineEntry[] {
  const rank = (entry: TimelineEntry): number =>
    rankOf({ status: entry.status, isReported: status === 'failed' })
  let round: TimelineEntry[] = []
  const lines: TimelineEntry[] = []

  for (const entry of timeline) {
    // A redrive starts over.
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
  // A soft bounce after a delayed delivery is news: it has a reason.
  return isSameAttempt && (entry.reason === undefined || known.reason === entry.reason)
}
