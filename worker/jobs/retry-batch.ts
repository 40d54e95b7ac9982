import { prisma } from '@/lib/db/prisma'
import type { Job } from '@/lib/queue'
import { reopenBatch } from '@/lib/sending/batch'
import { deliver } from '../deliver'

/**
 * Sends exactly the same batch again, because nobody knows whether it was accepted: the answer was lost, or a worker
 * died. If it was, Resend recognises the key, and no mail is sent twice. If this worker dies as well, the queue gives
 * the job to another.
 */
export default async function retryBatch({ data, signal }: Job<'retry-batch'>): Promise<void> {
  await deliver(signal, () => prisma().$transaction((tx) => reopenBatch(tx, data.batchId)))
}
