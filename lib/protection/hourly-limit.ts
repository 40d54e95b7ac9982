import type { Batch } from '../sending/batch'
import type { Outcome } from '../sending/outcome'
import { sendBatch } from '../sending/resend'
import { count, countLeft, uncount } from './limits'

/** Resend's own limit. */
const MAX_BATCH = 100

/** Whoever they are for, all mails are counted together. */
const ALL = 'all'

/** How many mails may go out in one request: no more than are left of this hour's, but at least one to try. */
export async function batchSizeLeft(): Promise<number> {
  return Math.max(1, Math.min(await countLeft('mail', ALL), MAX_BATCH))
}

/**
 * Sends a batch, unless these are more mails than may still go out in this hour: then all wait for the next one. What
 * is sent again was counted the first time, and what Resend refuses does not count.
 */
export async function sendWithinHourlyLimit(batch: Batch): Promise<Outcome> {
  const { messages, attempts } = batch
  if (attempts > 1) return await sendBatch(batch)
  const seconds = await count('mail', ALL, messages.length)
  const outcome: Outcome =
    seconds > 0 ? { kind: 'wait', reason: 'hourly_cap', seconds } : await sendBatch(batch)
  if (['wait', 'operator', 'permanent'].includes(outcome.kind)) await uncount('mail', ALL, messages.length)
  return outcome
}
