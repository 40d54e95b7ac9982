import { type Batch, dequeueBatch, dissolveBatch, isKeyForgotten, toFacts } from '@/lib/email/batch'
import type { Message } from '@/lib/email/message'
import { MAX_ATTEMPTS } from '@/lib/email/outcome'
import { takeTurn } from '@/lib/email/pace'
import { recordEvents } from '@/lib/email/record'
import { prisma, type Transaction } from '@/lib/prisma'
import { deliver } from '../deliver'
import { untilStopped } from '../stop'
import type { Job } from '../work'

/**
 * Sends exactly the same batch again, because nobody knows whether it was accepted: the answer was lost, or a worker
 * died. If it was, Resend recognises its key and sends no mail twice.
 * @throws when the worker is asked to stop, or the database is away: the queue tries again
 */
export default async function resendBatch(job: Job<'resend-batch'>): Promise<void> {
  const turn = await takeTurn(untilStopped(job.signal))
  const batch = await prisma().$transaction((tx) => prepare(tx, job.data.batchId))
  if (batch) await deliver(batch, turn)
}

async function prepare(tx: Transaction, id: string): Promise<Batch | undefined> {
  const found = await tx.batch.findUnique({ where: { id } })
  if (!found) return
  const messages = found.messages as Message[]
  const attempts = found.attempts + 1

  if (isKeyForgotten(found) || attempts > MAX_ATTEMPTS) {
    const reason = isKeyForgotten(found) ? 'outcome_unknown' : 'worker_died'
    await recordEvents(
      tx,
      toFacts(messages, () => ({ status: 'failed', reason, batchId: id })),
    )
    await dequeueBatch(tx, id)
    return
  }
  const inDoubt = await recordEvents(
    tx,
    toFacts(messages, () => ({ status: 'sending', batchId: id })),
  )
  if (inDoubt.length === 0) {
    // The webhooks have told of all, or their users have been deleted.
    await dissolveBatch(tx, id)
    return
  }
  await tx.batch.update({ where: { id }, data: { attempts } })
  return { id, messages, attempts }
}
