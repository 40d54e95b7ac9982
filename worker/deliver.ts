import { prisma } from '@/lib/db/prisma'
import { HOURLY_CAP, type Share, sendWithinHourlyLimit } from '@/lib/protection/hourly-limit'
import { type Batch, settleBatch } from '@/lib/sending/batch'
import { returnTrial, takeTurn, updatePace } from '@/lib/sending/pace'
import { logAttempt, logOutcome } from './log-progress'
import { stopping } from './stop'

/**
 * Waits for a turn, calls `prepare`, sends the batch, and records the outcome.
 * @param prepare writes the batch in a transaction. Undefined when there is nothing to send
 * @param onWritten called when the batch is written
 * @throws when the worker must stop before its turn, or the database is unreachable
 */
export async function deliver(
  signal: AbortSignal,
  prepare: () => Promise<Batch | undefined>,
  share: Share = 'mail',
  onWritten = (): void => {},
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
  onWritten()
  logAttempt(batch)
  const start = performance.now()
  // If this worker dies from here on, the job `retry-batch` sends the same batch again, 15 s after it was written.
  const outcome = await sendWithinHourlyLimit(batch, share)
  const retryAt = await updatePace(turn, outcome)
  await prisma().$transaction((tx) => settleBatch(tx, batch, outcome, retryAt))
  logOutcome(batch, outcome, performance.now() - start)
}
