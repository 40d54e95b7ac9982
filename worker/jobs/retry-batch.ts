import { prisma } from '@/lib/db/prisma'
import type { HourlyLimit } from '@/lib/protection/hourly-limit'
import type { Job } from '@/lib/queue'
import { reopenBatch } from '@/lib/sending/batch'
import { deliver, prepareDelivery } from '../deliver'

/**
 * Sends a batch again, after an attempt that is in doubt or was rejected. Also sends each mail of a split batch, in a batch of its
 * own. If Resend has accepted the batch before, it knows the idempotency key, and sends nothing twice.
 */
export default async function retryBatch({ data, signal }: Job<'retry-batch'>): Promise<void> {
  const reopen = () => prisma().$transaction((tx) => reopenBatch(tx, data.batchId))
  const delivery = await prepareDelivery(signal, reopen, await findHourlyLimit(data.batchId))
  if (delivery) await deliver(delivery)
}

// A batch in doubt counts for no limit. It does not wait for one either: there are few loops for these jobs, and others need them.
async function findHourlyLimit(batchId: string): Promise<HourlyLimit | null> {
  const isNew = await prisma().batch.count({ where: { id: batchId, attemptsInDoubt: 0 } })
  return isNew ? 'mail' : null
}
