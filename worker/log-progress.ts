import { log } from '@/lib/log'
import type { Batch } from '@/lib/sending/batch'
import type { Outcome } from '@/lib/sending/outcome'
import { countMails, tieToSpan } from '@/lib/telemetry'

/** Of so many mails, each has a line of its own. */
const FEW = 5

/** Tells the log which mails are about to be sent. Should this worker die, that is the last line about them. */
export function logAttempt(batch: Batch): void {
  tell(batch, toIds(batch), 'sending')
  tieToSpan({ emailIds: toIds(batch) })
}

/** Tells the log what became of them: "CE975F1D  attempt 2 → sent  3.0 s". */
export function logOutcome(batch: Batch, outcome: Outcome, ms: number): void {
  const ids = toIds(batch)
  const results = ids.map((_, index) =>
    outcome.kind === 'accepted' ? outcome.mails[index]?.status : outcome.reason,
  )
  for (const result of new Set(results)) {
    const alike = ids.filter((_, index) => results[index] === result)
    tell(batch, alike, `→ ${result}  ${formatSeconds(ms)}`)
    countMails(String(result), alike.length)
  }
  tieToSpan({ emailIds: ids })
}

function tell({ id, attempts }: Batch, emailIds: string[], news: string): void {
  const fields = { batchId: id, attempt: attempts }
  const sentence = `attempt ${attempts} ${news}`
  if (emailIds.length > FEW) log.info({ ...fields, emailIds }, sentence)
  else for (const emailId of emailIds) log.info({ ...fields, emailId }, sentence)
}

const toIds = ({ messages }: Batch): string[] => messages.map(({ tags: [{ value }] }) => value)

export function formatSeconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`
}
