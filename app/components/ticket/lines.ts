import { RANK, type TimelineEntry } from '@/lib/email/status'

/**
 * The entries worth a line on the ticket. Worker and mail service may both report the same thing, and
 * a report may come after a later one has overtaken it: neither is news to the reader.
 */
export function pickLines(timeline: TimelineEntry[]): TimelineEntry[] {
  let round: TimelineEntry[] = []
  const lines: TimelineEntry[] = []

  for (const entry of timeline) {
    // A redrive starts over.
    if (entry.status === 'queued') round = []
    const overtaken = round.some((line) => RANK[line.status] > RANK[entry.status])
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
