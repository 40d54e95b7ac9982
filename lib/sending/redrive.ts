import { prisma, type Transaction } from '../db/prisma'
import { recordEvents } from '../status/record'
import { lockBatch, requeueBatch } from './batch'
import { enqueueEmails } from './enqueue'

export type Redrive = 'queued' | 'not failed' | 'accepted by Resend' | 'might be sent twice'

/**
 * Enqueues a failed email again. If its batch may have been accepted, the whole batch is retried unchanged.
 * @param force redrive even if Resend may have accepted it and has forgotten the idempotency key
 * @throws when the database or the queue is unavailable.
 */
export async function redriveEmail(id: string, { force = false } = {}): Promise<Redrive> {
  return await prisma().$transaction(async (tx) => {
    // Of two operators, the second waits for these locks, and then finds the email queued.
    const known = await tx.email.findUnique({ where: { id } })
    const batch = known?.batchId ? await lockBatch(tx, known.batchId) : undefined
    await tx.$queryRaw`SELECT FROM "Email" WHERE id = ${id}::uuid FOR UPDATE`
    const email = await tx.email.findUnique({ where: { id } })
    // A worker has moved it to another batch before we had the lock.
    if (email?.status !== 'failed' || email.batchId !== known?.batchId) return 'not failed'
    // Resend accepted it, and reported the failure later.
    if (email.providerId) return 'accepted by Resend'
    const isInDoubt = batch ? batch.isKeyForgotten : (await readLastReason(tx, id)) === 'outcome_unknown'
    if (isInDoubt && !force) return 'might be sent twice'
    const reason = force ? 'forced' : undefined
    if (batch && !batch.isKeyForgotten) {
      await recordEvents(tx, [{ emailId: id, status: 'queued', reason, batchId: batch.id }])
      await tx.batch.update({ where: { id: batch.id }, data: { attempts: 1 } })
      await requeueBatch(tx, batch.id)
    } else {
      await recordEvents(tx, [{ emailId: id, status: 'queued', reason }])
      await enqueueEmails(tx, [email])
    }
    return 'queued'
  })
}

async function readLastReason(tx: Transaction, emailId: string): Promise<string | null | undefined> {
  const last = await tx.emailEvent.findFirst({
    where: { emailId, status: 'failed' },
    orderBy: { id: 'desc' },
  })
  return last?.reason
}

/** Lists the ids of failed emails, oldest first. @param reason a code. @throws when the database is unreachable. */
export async function listFailedEmails(reason?: string): Promise<string[]> {
  const emails = await prisma().$queryRaw<{ id: string }[]>`
    SELECT id FROM "Email" WHERE status = 'failed' AND (${reason ?? null}::text IS NULL OR ${reason ?? null} = (
      SELECT event.reason FROM "EmailEvent" AS event WHERE "emailId" = "Email".id AND event.status = 'failed'
      ORDER BY event.id DESC LIMIT 1))
    ORDER BY "createdAt"`
  return emails.map(({ id }) => id)
}
