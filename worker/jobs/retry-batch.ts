import { prisma } from '@/lib/db/prisma'
import type { Job } from '@/lib/queue'
import { reopenBatch } from '@/lib/sending/batch'
import { deliver, prepareDelivery } from '../deliver'

/**
 * Sends a batch again, after an attempt that is in doubt or was rejected. Also sends each mail of a split batch, in a batch of its
 * own. If Resend has accepted the batch before, it knows the idempotency key, and sends nothing twice.
 */
export default async function retryBatch({ data, signal }: Job<'retry-batch'>): Promise<void> {
  const reopen = () => prisma().$transaction((tx) => reopenBatch(tx, data.batchId))
  // A lost ticket does not wait for the hourly limit of other mail.
  const tickets = await prisma().email.count({ where: { batchId: data.batchId, kind: 'ticket' } })
  const delivery = await prepareDelivery(signal, reopen, tickets > 0 ? 'lostTicketMail' : 'mail')
  if (delivery) await deliver(delivery)
}
