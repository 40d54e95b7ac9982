import { prisma } from '@/lib/db/prisma'
import { recordEvents } from '@/lib/status/record'
import type { Job } from '../work'

export default async function failEmail({ data }: Job<'send-email-dead'>): Promise<void> {
  await recordEvents(prisma(), [{ emailId: data.emailId, status: 'failed', reason: 'worker_died' }])
}
