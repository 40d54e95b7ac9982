import { z } from 'zod'
import { QUEUES } from '@/lib/queue'
import { listFailedEmails, type Redrive, redriveEmail } from '@/lib/sending/redrive'
import { inParallel } from './parallel'

/** The id of an email, all emails, or the name of a queue. */
export const redriveInput = z.strictObject({
  id: z.union([z.guid(), z.literal('all'), z.enum(Object.keys(QUEUES))]),
})

export type Redriven = { id: string; result: Redrive }

/** Puts one email that was given up, or all of them, back into the queue. Returns a result for each. */
export async function redrive(id: string): Promise<Redriven[]> {
  const ids = id === 'all' ? await listFailedEmails() : [id]
  return await inParallel(ids, 4, async (id) => ({ id, result: await redriveEmail(id) }))
}
