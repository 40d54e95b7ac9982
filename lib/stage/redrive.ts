import { z } from 'zod'
import { listFailedEmails, type Redrive, redriveEmail } from '../email/redrive'
import { inParallel } from './parallel'

export const redriveInput = z.union([
  z.strictObject({ id: z.guid() }),
  z.strictObject({ all: z.literal(true) }),
])

export type Redriven = { id: string; result: Redrive }

/** Puts one email that was given up, or all of them, back into the queue. Says of each what became of it. */
export async function redrive(which: z.infer<typeof redriveInput>): Promise<Redriven[]> {
  const ids = 'id' in which ? [which.id] : await listFailedEmails()
  return await inParallel(ids, 4, async (id) => ({ id, result: await redriveEmail(id) }))
}
