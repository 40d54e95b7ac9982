import { prisma } from '@/lib/db/prisma'
import type { Job } from '@/lib/queue'
import { recordEvents } from '@/lib/status/record'

/** Takes the dead letter of a job that could not even begin, and records it on the ticket, if there is one. */
export default async function buryEmail({ data }: Job<'send-email-dead'>): Promise<void> {
  await recordEvents(prisma(), [{ emailId: data.emailId, status: 'failed', reason: 'worker_died' }])
}
