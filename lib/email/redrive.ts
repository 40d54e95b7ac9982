import { prisma } from '../db/prisma'
import { isKeyForgotten, requeueBatch } from './batch'
import { enqueueEmails } from './enqueue'
import { recordEvents } from './record'

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
    // Two people may redrive it at the same moment: the second waits here, and then finds it queued.
    await tx.$queryRaw`SELECT FROM "Email" WHERE id = ${id}::uuid FOR UPDATE`
    const email = await tx.email.findUnique({
      where: { id },
      include: { batch: { omit: { messages: true } } },
    })
    if (email?.status !== 'failed') return 'not failed'
    // A failed mail with a provider id is one that Resend reported as failed.
    if (email.providerId) return 'accepted by Resend'
    const isForgotten = email.batch && isKeyForgotten(email.batch)
    if (isForgotten && !force) return 'might be sent twice'
    const reason = force ? 'forced' : undefined
    if (email.batch && !isForgotten) {
      await recordEvents(tx, [{ emailId: id, status: 'queued', reason, batchId: email.batch.id }])
      await tx.batch.update({ where: { id: email.batch.id }, data: { attempts: 1 } })
      await requeueBatch(tx, email.batch.id, new Date())
    } else {
      await recordEvents(tx, [{ emailId: id, status: 'queued', reason }])
      await enqueueEmails(tx, [email])
    }
    return 'queued'
  })
}

/** The ids of all emails that were given up, oldest first. */
export async function listFailedEmails(): Promise<string[]> {
  const emails = await prisma().email.findMany({ where: { status: 'failed' }, orderBy: { createdAt: 'asc' } })
  return emails.map(({ id }) => id)
}
