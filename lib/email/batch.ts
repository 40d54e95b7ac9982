import type { Transaction } from '../prisma'
import { enqueue, settleJobs } from '../queue'
import type { Message } from './message'
import { type EmailFact, recordEvents } from './record'

/** Mails that are sent in one request. The id is the idempotency key, and that of the job which sends them again. */
export type Batch = {
  id: string
  messages: Message[]
  /** How often it was sent, the attempt that is being made included. */
  attempts: number
}

/** Whoever has not written down by then what became of an attempt is dead. */
const ATTEMPT_MS = 15_000

/** Resend recognises an idempotency key for 24 h. We rely on it a little less long. */
const KEY_LIFETIME_MS = 23 * 3600 * 1000

/** Whether Resend might take the batch for a new one, and send it a second time. */
export function isKeyForgotten({ createdAt }: { createdAt: Date }): boolean {
  return Date.now() - createdAt.getTime() > KEY_LIFETIME_MS
}

/** What happened to the mails of a batch, each told by its place. */
export function toFacts(
  messages: Message[],
  tell: (index: number) => Omit<EmailFact, 'emailId'>,
): EmailFact[] {
  return messages.map(({ tags: [{ value }] }, index) => ({ emailId: value, ...tell(index) }))
}

/** Writes down a batch that is about to be sent. If nobody lives to hear the answer, it is sent again. */
export async function writeBatch(tx: Transaction, messages: Message[]): Promise<Batch> {
  const { id, attempts } = await tx.batch.create({ data: { messages }, omit: { messages: true } })
  await recordEvents(
    tx,
    toFacts(messages, () => ({ status: 'sending', batchId: id })),
  )
  await enqueueBatch(tx, id, new Date(Date.now() + ATTEMPT_MS))
  return { id, messages, attempts }
}

/** Has exactly this batch sent again, at that time at the soonest, by whoever is there. */
export async function enqueueBatch(tx: Transaction, id: string, startAfter: Date): Promise<void> {
  await enqueue(tx, 'resend-batch', { batchId: id }, { id, startAfter })
}

/** Nobody sends it again by himself. */
export async function dequeueBatch(tx: Transaction, id: string): Promise<void> {
  await settleJobs(tx, 'resend-batch', 'deleteJob', [{ id }])
}

/** Forgets a batch of which no mail is in doubt any more, and those whose users have been deleted. */
export async function dissolveBatch(tx: Transaction, id: string): Promise<void> {
  await dequeueBatch(tx, id)
  await tx.$executeRaw`
    DELETE FROM "Batch" WHERE id = ${id}::uuid OR NOT EXISTS (SELECT FROM "Email" WHERE "batchId" = "Batch".id)`
}
