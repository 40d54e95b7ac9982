import { prisma } from '@/lib/db/prisma'
import { sendWithinHourlyLimit } from '@/lib/protection/hourly-limit'
import { type Batch, settleBatch } from '@/lib/sending/batch'
import { returnTrial, takeTurn, updatePace } from '@/lib/sending/pace'
import { logAttempt, logOutcome } from './log-progress'
import { stopping } from './stop'

/**
 * Waits for a turn, records the batch in one transaction, sends it, and records the outcome in another.
 * @throws when the worker stops before its turn, or the database is unreachable
 */
export async function deliver(signal: AbortSignal, prepare: () => Promise<Batch | undefined>): Promise<void> {
  const turn = await takeTurn(AbortSignal.any([signal, stopping]))
  let batch: Batch | undefined
  try {
    batch = await prepare()
  } finally {
    if (!batch) await returnTrial(turn)
  }
  if (!batch) return
  logAttempt(batch)
  const start = performance.now()
  // If this worker dies from here on, the job `retry-batch` sends the batch again 15 s after it was recorded, with the same
  // idempotency key.
  const outcome = await sendWithinHourlyLimit(batch)
  const retryAt = await updatePace(turn, outcome)
  await prisma().$transaction((tx) => settleBatch(tx, batch, outcome, retryAt))
  logOutcome(batch, outcome, performance.now() - start)
}
