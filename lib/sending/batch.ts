import { randomUUID } from 'node:crypto'
import { databaseNow } from '../db/clock'
import type { Transaction } from '../db/prisma'
import { Prisma } from '../generated/prisma/client'
import { log } from '../log'
import type { Message } from '../mail/message'
import { PROCESS_NAME } from '../process'
import { deleteJobs, enqueue, enqueueAll } from '../queue'
import { type EmailFact, recordEvents } from '../status/record'
import { enqueueEmails } from './enqueue'
import { lockEmails } from './lock-emails'
import { backoff, MAX_ATTEMPTS, type Outcome } from './outcome'
import { dropSuppressed } from './suppression'

/** Mails of one request to Resend. The id is also the idempotency key, and the id of the job `retry-batch`. */
export type Batch = {
  id: string
  messages: Message[]
  /** How many attempts Resend may have accepted, the current one included. 0: not sent yet. */
  attemptsInDoubt: number
  /** The worker that last wrote this row: "pid@host". */
  sender: string | null
  createdAt: Date
}

// If the first attempt has no outcome after this time, any worker sends the batch again. The idempotency key makes that safe,
// even if the first worker is only slow.
const TAKEOVER_MS = 15_000

/** Resend forgets a key after 24 h, and would then send the batch a second time. For us, it expires an hour earlier. */
const KEY_LIFETIME_MS = 23 * 3600 * 1000

export const isKeyExpired = Prisma.sql`"Batch"."createdAt" < now() - make_interval(secs => ${KEY_LIFETIME_MS / 1000})`

/** A batch without its messages, which may be a megabyte. */
type LockedBatch = Pick<Batch, 'id' | 'attemptsInDoubt'> & { emailIds: string[]; isKeyExpired: boolean }

/** Locks a batch with its emails, in the order of lock-emails.ts. */
export async function lockBatch(tx: Transaction, id: string): Promise<LockedBatch | undefined> {
  // Emails are locked before the batch, but only the batch's row names them. So an advisory lock on its id comes before both. A
  // lock on the job's row would not help, because `requeueBatch` replaces that row.
  await tx.$queryRaw`SELECT FROM pg_advisory_xact_lock(hashtextextended(${id}, 0))`
  // The first tag of a message is the id of its email.
  await tx.$queryRaw`
    SELECT FROM "Email" WHERE id IN (
      SELECT (message->'tags'->0->>'value')::uuid FROM "Batch", json_array_elements(messages) AS message
      WHERE "Batch".id = ${id}::uuid
    ) ORDER BY id FOR UPDATE`
  const [batch] = await tx.$queryRaw<LockedBatch[]>`
    SELECT id, "attemptsInDoubt", ${isKeyExpired} AS "isKeyExpired",
      ARRAY(SELECT message->'tags'->0->>'value' FROM json_array_elements(messages) AS message) AS "emailIds"
    FROM "Batch" WHERE id = ${id}::uuid FOR UPDATE`
  return batch
}

/** Records a batch before its first attempt, with the job that sends it again if this worker dies. */
export async function writeBatch(tx: Transaction, messages: Message[]): Promise<Batch> {
  const data = { messages, attemptsInDoubt: 1, sender: PROCESS_NAME }
  const batch = { ...(await tx.batch.create({ data, omit: { messages: true } })), messages }
  await recordForAll(tx, toEmailIds(messages), { status: 'sending', batchId: batch.id })
  await enqueue(tx, 'retry-batch', { batchId: batch.id }, { id: batch.id, delayMs: TAKEOVER_MS })
  return batch
}

/** Splits a rejected batch into a new one for each mail, with its job. Three statements for up to 100 mails. */
async function splitBatch(
  tx: Transaction,
  messages: Message[],
  reason: string,
  startAfter: Date,
): Promise<void> {
  const alone = messages.map((message) => ({ id: randomUUID(), message }))
  const fact = { status: 'retrying', reason } as const
  await tx.batch.createMany({
    data: alone.map(({ id, message }) => ({
      id,
      messages: [message],
      attemptsInDoubt: 0,
      sender: PROCESS_NAME,
    })),
  })
  await recordEvents(
    tx,
    alone.map(({ id, message: { tags } }) => ({ ...fact, emailId: tags[0].value, batchId: id })),
  )
  await enqueueAll(
    tx,
    'retry-batch',
    alone.map(({ id }) => ({ data: { batchId: id }, id, startAfter })),
  )
}

/** Prepares a batch for another attempt. @returns undefined when it was given up or finished. */
export async function reopenBatch(tx: Transaction, id: string): Promise<Batch | undefined> {
  const batch = await lockBatch(tx, id)
  if (!batch) return
  const { emailIds, attemptsInDoubt, isKeyExpired } = batch
  const isNew = attemptsInDoubt === 0
  if (isNew && (await isUnwanted(tx, emailIds))) return await finishBatch(tx, id)
  if (isKeyExpired && !isNew) return await giveUp(tx, batch, 'outcome_unknown')
  // `settleBatch` gives up when the last attempt fails. One more attempt means that a worker died during the last one.
  if (attemptsInDoubt >= MAX_ATTEMPTS) return await giveUp(tx, batch, 'worker_died')
  // A webhook may have reported some mails as accepted. If one is unreported, the whole batch is sent, because it must not change.
  const unreported = await recordForAll(tx, emailIds, { status: 'sending', batchId: id })
  if (unreported.length === 0) return await finishBatch(tx, id)
  const attempt = { attemptsInDoubt: attemptsInDoubt + 1, sender: PROCESS_NAME }
  // The time of the first attempt, because the key's age and the links' tokens count from it.
  const first = isNew ? { createdAt: new Date(await databaseNow()) } : {}
  const row = await tx.batch.update({ where: { id }, data: { ...attempt, ...first } })
  return { ...row, messages: row.messages as Message[] }
}

/** For a new batch of one mail. If this must not be sent any more, records it as suppressed. @returns whether it did */
async function isUnwanted(tx: Transaction, emailIds: string[]): Promise<boolean> {
  const emails = await lockEmails(tx, emailIds)
  return (await dropSuppressed(tx, [...emails.values()])).length === 0
}

/**
 * Records the outcome of an attempt:
 * - accepted: each mail is sent, or has failed because of its address.
 * - wait, operator (a person must change something): rejected. The mails go into another batch later.
 * - permanent: rejected. A single mail fails. Of several, any may be the cause, so each is sent in a batch of its own.
 * - retry: the same batch is sent again later.
 * - key_conflict, or too many attempts: given up.
 * If Resend may have accepted an earlier attempt, the batch must not change. Then "wait" and "operator" retry it, and
 * "permanent" gives it up.
 * @param retryAt the earliest time of the next request to Resend
 */
export async function settleBatch(
  tx: Transaction,
  batch: Batch,
  outcome: Outcome,
  retryAt: Date,
): Promise<undefined> {
  const { id, messages } = batch
  // If this worker froze, another may have sent the batch again. Then the row has more attempts in doubt, or is gone.
  const row = await lockBatch(tx, id)
  if (outcome.kind === 'accepted') {
    const sentIds = toEmailIds(messages)
    const facts = outcome.mails.map((mail, index) => ({ ...mail, emailId: sentIds[index] }))
    // Without a row, another worker has recorded this answer. Mails that it recorded as failed may be queued again by now, so this
    // records only the sent ones.
    await recordEvents(tx, row ? facts : facts.filter(({ status }) => status === 'sent'))
    return await finishBatch(tx, id)
  }
  if (!row) return
  const { emailIds, attemptsInDoubt } = row
  const { kind, reason } = outcome
  const mustWait = kind === 'wait' || kind === 'operator'
  // Only this attempt counts, and Resend has rejected it. So Resend has accepted none of these mails.
  const mayChange = attemptsInDoubt === 1
  if (mustWait && mayChange) {
    const ids = await recordForAll(tx, emailIds, { status: 'retrying', reason, retryAt })
    await enqueueEmails(tx, await tx.email.findMany({ where: { id: { in: ids } } }))
    return await finishBatch(tx, id)
  }
  if (kind === 'permanent' && mayChange) {
    if (messages.length === 1) await recordForAll(tx, emailIds, { status: 'failed', reason })
    else await splitBatch(tx, messages, reason, retryAt)
    return await finishBatch(tx, id)
  }
  if (mustWait || (kind === 'retry' && attemptsInDoubt < MAX_ATTEMPTS)) {
    const startAfter = mustWait
      ? retryAt
      : new Date(Math.max(+retryAt, (await databaseNow()) + backoff(attemptsInDoubt)))
    // Resend has not accepted this attempt. Earlier ones stay in doubt.
    if (mustWait) await tx.batch.update({ where: { id }, data: { attemptsInDoubt: attemptsInDoubt - 1 } })
    await recordForAll(tx, emailIds, { status: 'retrying', reason, retryAt: startAfter, batchId: id })
    return await requeueBatch(tx, id, startAfter)
  }
  await giveUp(tx, row, reason)
}

/** Enqueues another attempt of the same batch. */
export async function requeueBatch(tx: Transaction, id: string, startAfter?: Date): Promise<undefined> {
  await deleteJobs(tx, 'retry-batch', [{ id }])
  await enqueue(tx, 'retry-batch', { batchId: id }, { id, startAfter })
}

/** Gives up a batch with an expired key, also during a pause, because no user in it can be erased before it ends. */
export async function giveUpExpired(tx: Transaction, id: string): Promise<void> {
  const batch = await lockBatch(tx, id)
  if (batch?.isKeyExpired && batch.attemptsInDoubt > 0) await giveUp(tx, batch, 'outcome_unknown')
}

// Keeps the batch, because a webhook may still report it as sent, or an operator may redrive it.
async function giveUp(tx: Transaction, { id, emailIds }: LockedBatch, reason: string): Promise<undefined> {
  const failed = await recordForAll(tx, emailIds, { status: 'failed', reason, batchId: id })
  log.error({ emailIds: failed, batchId: id, reason }, `given up: npm run redrive -- --reason ${reason}`)
  await deleteJobs(tx, 'retry-batch', [{ id }])
}

async function finishBatch(tx: Transaction, id: string): Promise<undefined> {
  await deleteJobs(tx, 'retry-batch', [{ id }])
  await tx.$executeRaw`DELETE FROM "Batch" WHERE id = ${id}::uuid`
}

/** @returns the ids of the mails with a new event: see `recordEvents` */
function recordForAll(tx: Transaction, emailIds: string[], fact: EmailFact): Promise<string[]> {
  return recordEvents(
    tx,
    emailIds.map((emailId) => ({ ...fact, emailId })),
  )
}

const toEmailIds = (messages: Message[]): string[] => messages.map(({ tags }) => tags[0].value)
