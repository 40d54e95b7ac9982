import { z } from 'zod'
import { listFailedEmails, type Redrive, redriveEmail } from '@/lib/email/redrive'
import { QUEUES, type QueueName } from '@/lib/queue'
import { inParallel } from './parallel'

export const redriveInput = z.union([
  z.strictObject({ id: z.union([z.guid(), z.literal('all')]) }),
  z.strictObject({ queue: z.enum(Object.keys(QUEUES) as [QueueName]) }),
])

export type Redriven = { id: string; result: Redrive }

/** Puts one email that was given up, or all of them, back into the queue. Says of each what became of it. */
export async function redrive(id: string): Promise<Redriven[]> {
  const ids = id === 'all' ? await listFailedEmails() : [id]
  return await inParallel(ids, 4, async (id) => ({ id, result: await redriveEmail(id) }))
}
