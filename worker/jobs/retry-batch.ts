import { prisma } from '@/lib/db/prisma'
import { reopenBatch } from '@/lib/sending/batch'
import { deliver } from '../deliver'
import type { Job } from '../work'

// A worker died or an answer was lost. If Resend has accepted the batch, it knows the key and sends nothing twice.
export default async function retryBatch({ data, signal }: Job<'retry-batch'>): Promise<void> {
  await deliver(signal, () => prisma().$transaction((tx) => reopenBatch(tx, data.batchId)))
}
