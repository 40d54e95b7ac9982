import { prisma } from '../prisma'
import { enqueue } from '../queue'
import { FORCED, mightSendTwice } from './history'
import { lockEmail, recordEvent } from './record'

export type Redrive = 'queued' | 'not failed' | 'accepted by Resend' | 'might be sent twice'

/**
 * Puts an email that was given up back into the queue.
 * @param force also when an earlier attempt may have been accepted more than 23 h ago
 * @returns "queued", or why it was left alone
 * @throws when the database or the queue is unavailable.
 */
export async function redriveEmail(id: string, { force = false } = {}): Promise<Redrive> {
  return await prisma().$transaction(async (tx) => {
    // Two people may redrive it at the same moment: the second waits here, and then finds it queued.
    await lockEmail(tx, id)
    const email = await tx.email.findUnique({
      where: { id },
      include: { events: { orderBy: { id: 'asc' } } },
    })
    if (email?.status !== 'failed') return 'not failed'
    if (email.providerId) return 'accepted by Resend'
    if (!force && mightSendTwice(email.events)) return 'might be sent twice'
    await recordEvent(tx, id, { status: 'queued', reason: force ? FORCED : undefined })
    await enqueue(tx, 'send-email', { emailId: id })
    return 'queued'
  })
}

/** The ids of all emails that were given up, oldest first. */
export async function listFailedEmails(): Promise<string[]> {
  const emails = await prisma().email.findMany({ where: { status: 'failed' }, orderBy: { createdAt: 'asc' } })
  return emails.map(({ id }) => id)
}
