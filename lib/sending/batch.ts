import { databaseNow } from '../db/clock'
import type { Transaction } from '../db/prisma'
import { Prisma } from '../generated/prisma/client'
import { log } from '../log'
import type { Message } from '../mail/message'
import { PROCESS_NAME } from '../process'
import { enqueue, settleJobs } from '../queue'
import { type EmailFact, recordEvents } from '../status/record'
import { enqueueEmails } from './enqueue'
import { backoff, MAX_ATTEMPTS, type Outcome } from './outcome'

/** Mails that are sent in one request. Its id is the idempotency key, and the id of the job that sends it again. */
export type Batch = {
  id: string
  messages: Message[]
  /** How many attempts may have been accepted, the one that is being made included. */
  attempts: number
  sender: string | null
  createdAt: Date
}

/** Whoever has not written down by then what became of an attempt is taken for dead. If they only froze, the key helps. */
const ATTEMPT_MS = 15_000

/** Resend recognises an idempotency key for 24 h: till then, a batch is sent exactly once. We rely on it a little less. */
const KEY_LIFETIME_MS = 23 * 3600 * 1000

/** In SQL, of a row of "Batch": Resend might take it for a new one, and send it a second time. */
export const isKeyForgotten = Prisma.sql`"Batch"."createdAt" < now() - make_interval(secs => ${KEY_LIFETIME_MS / 1000})`

/**
 * Locks a batch with its emails, in the order of all who lock (see lock.ts). Its job is no lock: `requeueBatch` replaces
 * it. If worker A waits for the old job and worker B for the new one, A would go on without a job, and delete that of B.
 * @returns undefined when it is gone
 * @throws when the database is unreachable
 */
export async function lockBatch(tx: Transaction, id: string): Promise<LockedBatch | undefined> {
  await tx.$queryRaw`SELECT FROM pg_advisory_xact_lock(hashtextextended(${id}, 0))`
  await tx.$queryRaw`
    SELECT FROM "Email" WHERE id IN (
      SELECT (message->'tags'->0->>'value')::uuid FROM "Batch", json_array_elements(messages) AS message
      WHERE "Batch".id = ${id}::uuid
    ) ORDER BY id FOR UPDATE`
  const [batch] = await tx.$queryRaw<LockedBatch[]>`
    SELECT *, ${isKeyForgotten} AS "isKeyForgotten" FROM "Batch" WHERE id = ${id}::uuid FOR UPDATE`
  return batch
}

type LockedBatch = Batch & { isKeyForgotten: boolean }

/** Writes down a batch before it is sent. If nobody lives to hear the answer, it is sent again. */
export async function writeBatch(
  tx: Transaction,
  messages: Message[],
  fact: EmailFact = { status: 'sending' },
  startAfter?: Date,
): Promise<Batch> {
  const data = { messages, attempts: fact.status === 'sending' ? 1 : 0, sender: PROCESS_NAME }
  const batch = await tx.batch.create({ data, omit: { messages: true } })
  await recordForAll(tx, messages, { ...fact, batchId: batch.id })
  const when = startAfter ? { startAfter } : { delayMs: ATTEMPT_MS }
  await enqueue(tx, 'retry-batch', { batchId: batch.id }, { id: batch.id, ...when })
  return { ...batch, messages }
}

/** Gets a batch ready to be sent again, or returns nothing: it is too old, or no mail is in doubt any more. */
export async function reopenBatch(tx: Transaction, id: string): Promise<Batch | undefined> {
  const batch = await lockBatch(tx, id)
  if (!batch) return
  batch.attempts++
  if (batch.isKeyForgotten) return await giveUp(tx, batch, 'outcome_unknown')
  if (batch.attempts > MAX_ATTEMPTS) return await giveUp(tx, batch, 'worker_died')
  await tx.batch.update({ where: { id }, data: { attempts: batch.attempts, sender: PROCESS_NAME } })
  const inDoubt = await recordForAll(tx, batch.messages, { status: 'sending', batchId: id })
  return inDoubt.length > 0 ? batch : await finishBatch(tx, id)
}

/**
 * Records what became of an attempt to send a batch, with what follows from it:
 * - accepted: each mail is sent, or has failed for its address
 * - wait, operator: refused, so the mails wait for whatever batch comes next
 * - permanent: refused for good. A lone mail has failed; one of many may be to blame for all, so each goes alone
 * - retry: exactly this batch again, later
 * - unknown, or too many attempts: given up
 * When an earlier attempt may have been accepted, the batch must not change: after "wait" and "operator" exactly this
 * one goes again, and after "permanent" it is given up.
 * @param retryAt when anything may be sent again at the earliest
 */
export async function settleBatch(
  tx: Transaction,
  batch: Batch,
  outcome: Outcome,
  retryAt: Date,
): Promise<undefined> {
  const { id, messages } = batch
  // A worker that was taken for dead, and was only slow, finds what others have done meanwhile.
  const row = await lockBatch(tx, id)
  if (outcome.kind === 'accepted') {
    await recordForAll(tx, messages, ...outcome.mails)
    return await finishBatch(tx, id)
  }
  if (!row) return
  const { attempts } = row
  const { kind, reason } = outcome
  const isRefused = kind === 'wait' || kind === 'operator'
  if (isRefused && attempts === 1) {
    // What is sent next is another batch, with what will be true then.
    const ids = await recordForAll(tx, messages, { status: 'retrying', reason, retryAt })
    await enqueueEmails(tx, await tx.email.findMany({ where: { id: { in: ids } } }))
    return await finishBatch(tx, id)
  }
  if (kind === 'permanent' && attempts === 1) {
    if (messages.length === 1) await recordForAll(tx, messages, { status: 'failed', reason })
    else for (const one of messages) await writeBatch(tx, [one], { status: 'retrying', reason }, retryAt)
    return await finishBatch(tx, id)
  }
  if (isRefused || (kind === 'retry' && attempts < MAX_ATTEMPTS)) {
    const startAfter = isRefused
      ? retryAt
      : new Date(Math.max(+retryAt, (await databaseNow()) + backoff(attempts)))
    // The refusal of one attempt says nothing of those before.
    if (isRefused) await tx.batch.update({ where: { id }, data: { attempts: attempts - 1 } })
    await recordForAll(tx, messages, { status: 'retrying', reason, retryAt: startAfter, batchId: id })
    return await requeueBatch(tx, id, startAfter)
  }
  await giveUp(tx, batch, reason)
}

/** Has exactly this batch sent again by some worker: now, or at that time at the earliest. */
export async function requeueBatch(tx: Transaction, id: string, startAfter?: Date): Promise<undefined> {
  await settleJobs(tx, 'retry-batch', 'deleteJob', [{ id }])
  await enqueue(tx, 'retry-batch', { batchId: id }, { id, startAfter })
}

// The batch stays, and with it the doubt: a report may come, or a person redrives it.
async function giveUp(tx: Transaction, { id, messages }: Batch, reason: string): Promise<undefined> {
  const emailIds = await recordForAll(tx, messages, { status: 'failed', reason, batchId: id })
  log.error({ emailIds, batchId: id, reason }, 'given up')
  await settleJobs(tx, 'retry-batch', 'deleteJob', [{ id }])
}

async function finishBatch(tx: Transaction, id: string): Promise<undefined> {
  await settleJobs(tx, 'retry-batch', 'deleteJob', [{ id }])
  await tx.$executeRaw`DELETE FROM "Batch" WHERE id = ${id}::uuid`
}

/** @param facts one for each mail, or one for all */
function recordForAll(tx: Transaction, messages: Message[], ...facts: EmailFact[]): Promise<string[]> {
  const told = messages.map(({ tags }, index) => ({
    ...(facts[index] ?? facts[0]),
    emailId: tags[0].value,
  }))
  return recordEvents(tx, told as EmailFact[])
}
