import { log } from '@/lib/log'
import type { Batch } from '@/lib/sending/batch'
import type { Outcome } from '@/lib/sending/outcome'
import { recordAttempts, tieToSpan } from '@/lib/telemetry'

/** Up to this number, each mail has its own log line. */
const MAX_LOGGED_ALONE = 5

export function logAttempt(batch: Batch): void {
  // An earlier attempt of this batch may have been accepted. After a clear rejection, the mails go into another batch.
  logMails(batch, toIds(batch), batch.attemptsInDoubt > 1 ? 'sending again under the same key' : 'sending')
  tieToSpan({ emailIds: toIds(batch) })
}

export function logOutcome(batch: Batch, outcome: Outcome, ms: number): void {
  const ids = toIds(batch)
  const results = ids.map((_, index) =>
    outcome.kind === 'accepted' ? outcome.mails[index]?.status : outcome.reason,
  )
  for (const result of new Set(results)) {
    const alike = ids.filter((_, index) => results[index] === result)
    logMails(batch, alike, `→ ${result}  ${formatSeconds(ms)}`)
    recordAttempts(String(result), alike.length)
  }
  tieToSpan({ emailIds: ids })
}

function logMails({ id: batchId }: Batch, emailIds: string[], sentence: string): void {
  if (emailIds.length > MAX_LOGGED_ALONE) log.info({ batchId, emailIds }, sentence)
  else for (const emailId of emailIds) log.info({ batchId, emailId }, sentence)
}

const toIds = ({ messages }: Batch): string[] => messages.map(({ tags: [{ value }] }) => value)

export function formatSeconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`
}
