import { prisma } from '@/lib/db/prisma'
import { HOURLY_CAP, type HourlyLimit, sendWithinHourlyLimit } from '@/lib/protection/hourly-limit'
import { type Batch, settleBatch } from '@/lib/sending/batch'
import { giveBackTrial, takeTurn, updatePace } from '@/lib/sending/pace'
import { logAttempt, logOutcome } from './log-progress'
import { stopping } from './stop'

type Options = { limit?: HourlyLimit; onWritten?: () => void }

/**
 * Waits for a turn, calls `prepare`, sends the batch, and records the outcome.
 * @param prepare writes the batch in a transaction. It returns undefined when there is nothing to send
 * @throws when the worker must stop before its turn, or the database fails
 */
export async function deliver(
  signal: AbortSignal,
  prepare: () => Promise<Batch | undefined>,
  { limit = 'mail', onWritten }: Options = {},
): Promise<void> {
  // Lost tickets have an hourly limit of their own, so they skip a pause that the limit of all mail has caused.
  const skipped = limit === 'mail' ? null : HOURLY_CAP
  const turn = await takeTurn(AbortSignal.any([signal, stopping]), skipped)
  let batch: Batch | undefined
  try {
    batch = await prepare()
  } finally {
    // Without a batch, nothing is sent. If this turn was the trial after a pause (see pace.ts), another call may try at once.
    if (!batch) await giveBackTrial(turn)
  }
  if (!batch) return
  onWritten?.()
  logAttempt(batch)
  const start = performance.now()
  // If this worker dies from here on, the job `retry-batch` sends the same batch again. After a first attempt, that is 15 s after
  // the batch was written. Later attempts run in that job. If its worker dies, its heartbeats stop, and pg-boss retries the job.
  const outcome = await sendWithinHourlyLimit(batch, limit)
  const retryAt = await updatePace(turn, outcome)
  await prisma().$transaction((tx) => settleBatch(tx, batch, outcome, retryAt))
  logOutcome(batch, outcome, performance.now() - start)
}
