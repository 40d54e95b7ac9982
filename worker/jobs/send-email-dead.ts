import { prisma } from '@/lib/db/prisma'
import { recordEvents } from '@/lib/email/record'
import { log } from '@/lib/log'
import type { Job } from '../work'

/** Takes the dead letter of a job that nobody could even begin, and tells the ticket, if there is one. */
export default async function buryEmail({ data }: Job<'send-email-dead'>): Promise<void> {
  const { emailId } = data
  const reason = 'worker_died'
  await recordEvents(prisma(), [{ emailId, status: 'failed', reason }])
  log.error({ emailId, reason }, 'given up')
}
