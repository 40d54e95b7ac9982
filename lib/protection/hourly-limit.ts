import type { Batch } from '../sending/batch'
import type { Outcome } from '../sending/outcome'
import { sendBatch } from '../sending/resend'
import { count, countLeft } from './limits'

/** Resend's own limit. */
const MAX_BATCH = 100

/** Why mail waits for the next hour, as a code. */
export const HOURLY_CAP = 'hourly_cap'

/** Lost tickets have a share of their own, on top of all other mail. */
export type Share = 'mail' | 'ticketMail'

/** All mails of a share are counted together, whatever their recipients. */
const ALL = 'all'

/** Returns how many mails may go out in one request: no more than are left of this hour's, but at least one to try. */
export async function batchSizeLeft(): Promise<number> {
  return Math.max(1, Math.min(await countLeft('mail', ALL), MAX_BATCH))
}

/** Whether a lost ticket may go out in this hour even if all other mail has to wait. */
export async function hasTicketShare(): Promise<boolean> {
  return (await countLeft('ticketMail', ALL)) > 0
}

/**
 * Sends a batch, unless these are more mails than may still go out in this hour: then all wait for the next one. What
 * is sent again was counted the first time, and what Resend refuses does not count.
 */
export async function sendWithinHourlyLimit(batch: Batch, share: Share): Promise<Outcome> {
  const { messages, attempts } = batch
  if (attempts > 1) return await sendBatch(batch)
  let counted = await count([share, ALL, messages.length])
  if (counted.refusals.length > 0 && share !== 'mail') counted = await count(['mail', ALL, messages.length])
  const [refusal] = counted.refusals
  const outcome: Outcome = refusal
    ? { kind: 'wait', reason: HOURLY_CAP, seconds: refusal.seconds }
    : await sendBatch(batch)
  if (['wait', 'operator', 'permanent'].includes(outcome.kind)) await counted.takeBack()
  return outcome
}
