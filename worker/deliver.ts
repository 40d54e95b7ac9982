import { type Batch, dequeueBatch, dissolveBatch, enqueueBatch, toFacts } from '@/lib/email/batch'
import { enqueueEmails } from '@/lib/email/enqueue'
import { MAX_ATTEMPTS, type Outcome, retryDelay } from '@/lib/email/outcome'
import { keepPace, type Turn } from '@/lib/email/pace'
import { type EmailFact, recordEvents } from '@/lib/email/record'
import { sendBatch } from '@/lib/email/send'
import { prisma, type Transaction } from '@/lib/prisma'

/**
 * Sends a batch that was written down, and records what became of it, in one transaction with what follows.
 * @throws when the database is away: then the batch is sent again, and Resend recognises it by its key
 */
export async function deliver(batch: Batch, turn: Turn): Promise<void> {
  const outcome = await sendBatch(batch.messages, batch.id)
  const retryAt = await keepPace(turn, outcome)
  await prisma().$transaction((tx) => record(tx, batch, outcome, retryAt))
}

async function record(tx: Transaction, batch: Batch, outcome: Outcome, retryAt: Date): Promise<void> {
  const { id, messages, attempts } = batch
  const recordForAll = (fact: EmailFact): Promise<string[]> =>
    recordEvents(
      tx,
      toFacts(messages, () => fact),
    )

  if (outcome.kind === 'accepted') {
    await recordEvents(
      tx,
      toFacts(messages, (index) => outcome.mails[index] as EmailFact),
    )
    return await dissolveBatch(tx, id)
  }

  const { reason } = outcome
  switch (outcome.kind) {
    // It was not accepted. What is sent next is another batch, with what will be true then.
    case 'wait':
    case 'operator': {
      const ids = await recordForAll({ status: 'retrying', reason, retryAt })
      await enqueueEmails(tx, await tx.email.findMany({ where: { id: { in: ids } } }))
      return await dissolveBatch(tx, id)
    }
    case 'permanent':
      if (messages.length > 1) await halve(tx, messages, reason)
      else await recordForAll({ status: 'failed', reason })
      return await dissolveBatch(tx, id)

    // It may have been accepted.
    case 'retry':
    case 'unknown':
      await dequeueBatch(tx, id)
      if (outcome.kind === 'unknown' || attempts >= MAX_ATTEMPTS) {
        await recordForAll({ status: 'failed', reason, batchId: id })
      } else {
        const due = new Date(Math.max(retryAt.getTime(), Date.now() + retryDelay(attempts)))
        await recordForAll({ status: 'retrying', reason, retryAt: due, batchId: id })
        await enqueueBatch(tx, id, due)
      }
  }
}

/** Somebody in there is to blame for all. Two halves, and again two, until they stand alone. */
async function halve(tx: Transaction, messages: Batch['messages'], reason: string): Promise<void> {
  const middle = messages.length >> 1
  for (const half of [messages.slice(0, middle), messages.slice(middle)]) {
    const { id } = await tx.batch.create({ data: { messages: half, attempts: 0 }, omit: { messages: true } })
    await recordEvents(
      tx,
      toFacts(half, () => ({ status: 'retrying', reason, batchId: id })),
    )
    await enqueueBatch(tx, id, new Date())
  }
}
