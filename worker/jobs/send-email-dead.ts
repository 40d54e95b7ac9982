import { prisma } from '@/lib/db/prisma'
import type { Job } from '@/lib/queue'
import { recordEvents } from '@/lib/status/record'

export default async function failEmail({ data }: Job<'send-email-dead'>): Promise<void> {
  await recordEvents(prisma(), [{ emailId: data.emailId, status: 'failed', reason: 'worker_died' }])
}
