import type { Transaction } from '../prisma'
import { enqueue, settleJobs } from '../queue'
import { enqueueEmails } from './enqueue'
import type { Message } from './message'
import { MAX_ATTEMPTS, type Outcome, retryDelay } from './outcome'
import { type EmailFact, recordEvents } from './record'

/** Mails that are sent in one request. The id is the idempotency key, and that of the job which sends them again. */
export type Batch = {
  id: string
  messages: Message[]
  /** How many attempts may have been accepted, the one that is being made included. */
  attempts: number
  createdAt: Date
}

/** Whoever has not written down by then what became of an attempt is dead. */
const ATTEMPT_MS = 15_000

/** Resend recognises an idempotency key for 24 h. We rely on it a little less long. */
const KEY_LIFETIME_MS = 23 * 3600 * 1000

/** Whether Resend might take the batch for a new one, and send it a second time. */
export function isKeyForgotten({ createdAt }: Pick<Batch, 'createdAt'>): boolean {
  return Date.now() - createdAt.getTime() > KEY_LIFETIME_MS
}

const about = (fact: Omit<EmailFact, 'emailId'>) => (message: Message) => ({
  emailId: message.tags[0].value,
  ...fact,
})

/** Writes down a batch before it is sent. If nobody lives to hear the answer, it is sent again. */
export async function writeBatch(
  tx: Transaction,
  messages: Message[],
  fact: EmailFact = { status: 'sending' },
  startAfter = new Date(Date.now() + ATTEMPT_MS),
): Promise<Batch> {
  const attempts = fact.status === 'sending' ? 1 : 0
  const batch = await tx.batch.create({ data: { messages, attempts }, omit: { messages: true } })
  const { id } = batch
  await recordEvents(tx, messages.map(about({ ...fact, batchId: id })))
  await enqueue(tx, 'resend-batch', { batchId: id }, { id, startAfter })
  return { ...batch, messages }
}

/** Gets a batch ready to be sent again, or returns nothing: it is too old, or no mail is in doubt any more. */
export async function reopenBatch(tx: Transaction, id: string): Promise<Batch | undefined> {
  const data = { attempts: { increment: 1 } }
  const [batch] = (await tx.batch.updateManyAndReturn({ where: { id }, data })) as Batch[]
  if (!batch) return
  const unknown = { kind: 'unknown', reason: 'outcome_unknown' } as const
  if (isKeyForgotten(batch)) return await settleBatch(tx, batch, unknown)
  if (batch.attempts > MAX_ATTEMPTS)
    return await settleBatch(tx, batch, { ...unknown, reason: 'worker_died' })
  const inDoubt = await recordEvents(tx, batch.messages.map(about({ status: 'sending', batchId: id })))
  return inDoubt.length > 0 ? batch : await dissolve(tx, id)
}

/**
 * Records what became of an attempt to send a batch, with what follows from it.
 * @param retryAt when anything may be sent again at the soonest
 */
export async function settleBatch(
  tx: Transaction,
  { id, messages, attempts }: Batch,
  outcome: Outcome,
  retryAt = new Date(),
): Promise<undefined> {
  if (outcome.kind === 'accepted') {
    await recordEvents(
      tx,
      messages.map((message, index) => about(outcome.mails[index] as EmailFact)(message)),
    )
    return await dissolve(tx, id)
  }
  const { reason } = outcome
  const tryAgain = async (startAfter: Date): Promise<undefined> => {
    const fact = { status: 'retrying', reason, retryAt: startAfter, batchId: id } as const
    await recordEvents(tx, messages.map(about(fact)))
    await requeueBatch(tx, id, startAfter)
  }
  // A refusal says nothing about the attempts before.
  const isRefused = attempts === 1
  switch (outcome.kind) {
    case 'wait':
    case 'operator': {
      if (!isRefused) {
        await tx.batch.update({ where: { id }, data: { attempts: { decrement: 1 } } })
        return await tryAgain(retryAt)
      }
      // What is sent next is another batch, with what will be true then.
      const ids = await recordEvents(tx, messages.map(about({ status: 'retrying', reason, retryAt })))
      await enqueueEmails(tx, await tx.email.findMany({ where: { id: { in: ids } } }))
      return await dissolve(tx, id)
    }
    case 'permanent':
      if (!isRefused) break
      // One of many may be to blame for all. Alone, it cannot harm the others.
      if (messages.length === 1) await recordEvents(tx, messages.map(about({ status: 'failed', reason })))
      else
        for (const message of messages)
          await writeBatch(tx, [message], { status: 'retrying', reason }, retryAt)
      return await dissolve(tx, id)
    case 'retry':
      if (attempts >= MAX_ATTEMPTS) break
      return await tryAgain(new Date(Math.max(retryAt.getTime(), Date.now() + retryDelay(attempts))))
  }
  await recordEvents(tx, messages.map(about({ status: 'failed', reason, batchId: id })))
  await settleJobs(tx, 'resend-batch', 'deleteJob', [{ id }])
}

/** Has exactly this batch sent again, at that time at the soonest, by whoever is there. */
export async function requeueBatch(tx: Transaction, id: string, startAfter: Date): Promise<undefined> {
  await settleJobs(tx, 'resend-batch', 'deleteJob', [{ id }])
  await enqueue(tx, 'resend-batch', { batchId: id }, { id, startAfter })
}

// And those whose users have been deleted.
async function dissolve(tx: Transaction, id: string): Promise<undefined> {
  await settleJobs(tx, 'resend-batch', 'deleteJob', [{ id }])
  await tx.$executeRaw`
    DELETE FROM "Batch" WHERE id = ${id}::uuid OR NOT EXISTS (SELECT FROM "Email" WHERE "batchId" = "Batch".id)`
}
