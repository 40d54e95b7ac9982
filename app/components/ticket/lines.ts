import { type EmailStatus, rankOf, type TimelineEntry } from '@/lib/email/status'

/**
 * The entries worth a line on the ticket. Worker and mail service may both report the same thing, and
 * a report may come after a later one has overtaken it: neither is news to the reader.
 * @param status that of the mail. If it is "failed", nothing on the timeline outranks that
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
    const repeated = round.some((line) => line.status === entry.status && isSameAttempt(line, entry))
    if (overtaken || repeated) continue

    round.push(entry)
    lines.push(entry)
  }
  return lines
}

function isSameAttempt(a: TimelineEntry, b: TimelineEntry): boolean {
  return a.attempt === undefined || b.attempt === undefined || a.attempt === b.attempt
}
