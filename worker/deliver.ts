import { prisma } from '@/lib/db/prisma'
import { HOURLY_CAP, type Share, sendWithinHourlyLimit } from '@/lib/protection/hourly-limit'
import { type Batch, settleBatch } from '@/lib/sending/batch'
import { returnTrial, takeTurn, updatePace } from '@/lib/sending/pace'
import { logAttempt, logOutcome } from './log-progress'
import { stopping } from './stop'

/**
 * Waits for our turn, and then sends a batch: it is written down in one transaction before, and what became of it in
 * another one after.
 * @param share of the hour's mails
 * @param prepare writes the batch down, or returns nothing when there is nothing left to do
 * @throws when the worker is asked to stop before its turn, or the database is away
 */
export async function deliver(
  signal: AbortSignal,
  prepare: () => Promise<Batch | undefined>,
  share: Share = 'mail',
): Promise<void> {
  const ignored = share === 'mail' ? null : HOURLY_CAP
  const turn = await takeTurn(AbortSignal.any([signal, stopping]), ignored)
  let batch: Batch | undefined
  try {
    batch = await prepare()
  } finally {
    if (!batch) await returnTrial(turn)
  }
  if (!batch) return
  logAttempt(batch)
  const start = performance.now()
  // If this worker dies from here on, a batch is left behind, and a job (retry-batch) that sends it again, under its key,
  // 15 s after it was written down.
  const outcome = await sendWithinHourlyLimit(batch, share)
  const retryAt = await updatePace(turn, outcome)
  await prisma().$transaction((tx) => settleBatch(tx, batch, outcome, retryAt))
  logOutcome(batch, outcome, performance.now() - start)
}
