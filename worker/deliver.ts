import { prisma } from '@/lib/db/prisma'
import { type HourlyLimit, sendWithinHourlyLimit } from '@/lib/protection/hourly-limit'
import { type Batch, settleBatch } from '@/lib/sending/batch'
import { HOURLY_LIMIT_REACHED } from '@/lib/sending/outcome'
import { giveBackTrial, type Turn, takeTurn, updatePace } from '@/lib/sending/pace'
import { logAttempt, logOutcome } from './log-progress'
import { stopping } from './stop'

/** A batch that is written, and the permission to send it. */
export type Delivery = { batch: Batch; turn: Turn; hourlyLimit: HourlyLimit | null }

/**
 * Waits for a turn, and calls `prepare`.
 * @param prepare writes the batch in a transaction. It returns undefined when there is nothing to send
 * @param hourlyLimit null: the batch counts for none
 * @throws when the worker must stop before its turn, the database fails, or `prepare` throws
 */
export async function prepareDelivery(
  signal: AbortSignal,
  prepare: () => Promise<Batch | undefined>,
  hourlyLimit: HourlyLimit | null = 'mail',
): Promise<Delivery | undefined> {
  // A pause that the limit of all mail has caused is only for mail that counts for it.
  const ignoredPause = hourlyLimit === 'mail' ? null : HOURLY_LIMIT_REACHED
  const turn = await takeTurn(AbortSignal.any([signal, stopping]), ignoredPause)
  let batch: Batch | undefined
  try {
    batch = await prepare()
  } finally {
    // Without a batch, nothing is sent. If this turn was the trial after a pause (see pace.ts), another mail may be the trial now.
    if (!batch) await giveBackTrial(turn)
  }
  if (!batch) return
  logAttempt(batch)
  return { batch, turn, hourlyLimit }
}

/**
 * Sends a batch to Resend, and records the outcome. If this worker dies here in a first attempt, the job `retry-batch` sends the
 * same batch again 15 s after it was written. A later attempt runs in that job. If its worker dies, pg-boss misses heartbeats,
 * and retries the job.
 * @throws when the database fails
 */
export async function deliver({ batch, turn, hourlyLimit }: Delivery): Promise<void> {
  const start = performance.now()
  const outcome = await sendWithinHourlyLimit(batch, hourlyLimit)
  const retryAt = await updatePace(turn, outcome)
  await prisma().$transaction((tx) => settleBatch(tx, batch, outcome, retryAt))
  logOutcome(batch, outcome, performance.now() - start)
}
