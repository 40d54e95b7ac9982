import { z } from 'zod'
import { QUEUES } from '@/lib/queue'
import { type RedriveResult, redriveEmails, redriveFailed } from '@/lib/sending/redrive'

/** The id of an email, all emails, or the name of a queue. */
export const redriveInput = z.strictObject({
  id: z.union([z.guid().toLowerCase(), z.literal('all'), z.enum(Object.keys(QUEUES))]),
})

/** How many emails came to which result. */
export type RedriveCounts = Partial<Record<RedriveResult, number>>

/** Puts one email that was given up, or all of them, back into the queue. Returns how many had each result. */
export async function redrive(id: string): Promise<RedriveCounts> {
  const counts: RedriveCounts = {}
  for await (const chunk of id === 'all' ? redriveFailed() : [await redriveEmails([id])])
    for (const { result } of chunk) counts[result] = (counts[result] ?? 0) + 1
  return counts
}
