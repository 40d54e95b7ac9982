import { prisma } from '@/lib/db/prisma'
import { reopenBatch } from '@/lib/sending/batch'
import { deliver } from '../deliver'
import type { Job } from '../work'

/** Sends a batch without an outcome again. If Resend has accepted it, Resend knows its key and sends nothing twice. */
export default async function retryBatch({ data, signal }: Job<'retry-batch'>): Promise<void> {
  await deliver(signal, () => prisma().$transaction((tx) => reopenBatch(tx, data.batchId)))
}
