import { prisma } from '@/lib/db/prisma'
import type { Job } from '@/lib/queue'
import { reopenBatch } from '@/lib/sending/batch'
import { deliver } from '../deliver'

// A worker died or an answer was lost. If Resend has accepted the batch, it knows the key and sends nothing twice.
export default async function retryBatch({ data, signal }: Job<'retry-batch'>): Promise<void> {
  await deliver(signal, () => prisma().$transaction((tx) => reopenBatch(tx, data.batchId)))
}
