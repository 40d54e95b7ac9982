import type { Batch } from '../sending/batch'
import { HOURLY_LIMIT_REACHED, type Outcome } from '../sending/outcome'
import { sendBatch } from '../sending/resend'
import { count, countLeft } from './limits'

/** https://resend.com/docs/api-reference/emails/send-batch-emails */
const MAX_BATCH = 100

/** Lost tickets count against a limit of their own. When that is full, they count against `mail`. */
export type HourlyLimit = 'mail' | 'lostTicketMail'

const ALL = 'all'

/** At least 1, even if none is left: `sendWithinHourlyLimit` then rejects the batch of one, which starts the pause. */
export async function batchSizeLeft(): Promise<number> {
  return Math.max(1, Math.min(await countLeft('mail', ALL), MAX_BATCH))
}

/** Returns whether another lost ticket fits into its own limit of this hour. */
export async function hasLostTicketsLeft(): Promise<boolean> {
  return (await countLeft('lostTicketMail', ALL)) > 0
}

/**
 * Sends a batch, or returns `wait` when it does not fit into this hour. A batch that Resend rejects does not count. If a worker
 * dies after it has written the batch and before this call, the batch never counts.
 * @param limit null: none, because an earlier attempt has counted
 */
export async function sendWithinHourlyLimit(batch: Batch, limit: HourlyLimit | null): Promise<Outcome> {
  if (!limit) return await sendBatch(batch)
  const { messages } = batch
  let counted = await count([limit, ALL, messages.length])
  if (counted.rejections.length > 0 && limit !== 'mail') counted = await count(['mail', ALL, messages.length])
  const [rejection] = counted.rejections
  // Another worker may have taken some of what was left. Then the mails go out at once, in a smaller batch.
  const isFull = rejection && (await countLeft('mail', ALL)) === 0
  const outcome: Outcome = rejection
    ? { kind: 'wait', reason: HOURLY_LIMIT_REACHED, seconds: isFull ? rejection.seconds : 0 }
    : await sendBatch(batch)
  if (['wait', 'operator', 'permanent'].includes(outcome.kind)) await counted.refund()
  return outcome
}
