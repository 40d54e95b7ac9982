import { prisma, type Transaction } from '../db/prisma'
import { recordEvents } from '../status/record'
import { lockBatch, requeueBatch } from './batch'
import { enqueueEmails } from './enqueue'

export type Redrive = 'queued' | 'not failed' | 'accepted by Resend' | 'might be sent twice'

/**
 * Puts an email that was given up back into the queue: with its batch, and so all that were in it, if that may have
 * been accepted.
 * @param force also when an earlier attempt may have been accepted more than 23 h ago
 * @returns "queued", or why it was left alone
 * @throws when the database or the queue is unavailable.
 */
export async function redriveEmail(id: string, { force = false } = {}): Promise<Redrive> {
  return await prisma().$transaction(async (tx) => {
    // Two people may redrive it at the same moment: the second waits for these locks, and then finds it queued.
    const known = await tx.email.findUnique({ where: { id } })
    const batch = known?.batchId ? await lockBatch(tx, known.batchId) : undefined
    await tx.$queryRaw`SELECT FROM "Email" WHERE id = ${id}::uuid FOR UPDATE`
    const email = await tx.email.findUnique({ where: { id } })
    // In another batch than a moment ago: it was being sent.
    if (email?.status !== 'failed' || email.batchId !== known?.batchId) return 'not failed'
    // A failed mail with a provider id is one that Resend reported as failed.
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

/** The ids of the emails that were given up, oldest first. @param reason only those given up for it, as a code */
export async function listFailedEmails(reason?: string): Promise<string[]> {
  const emails = await prisma().$queryRaw<{ id: string }[]>`
    SELECT id FROM "Email" WHERE status = 'failed' AND (${reason ?? null}::text IS NULL OR ${reason ?? null} = (
      SELECT event.reason FROM "EmailEvent" AS event WHERE "emailId" = "Email".id AND event.status = 'failed'
      ORDER BY event.id DESC LIMIT 1))
    ORDER BY "createdAt"`
  return emails.map(({ id }) => id)
}
