import type { PgBoss } from 'pg-boss'
import { lockEmail, recordEvent } from '@/lib/email/record'
import { prisma } from '@/lib/prisma'
import { completeJob } from '../settle'
import type { Job } from '../work'

/**
 * Takes a dead letter and writes on its email that it was given up, and why. This is a job of its own because the
 * queue also gives up by itself, on jobs whose workers died every time.
 */
export default async function buryEmail(job: Job<'send-email-dead'>, boss: PgBoss): Promise<void> {
  const { emailId } = job.data
  const reason = (job.sourceOutput as { reason?: string } | null)?.reason ?? 'worker_died'
  await prisma().$transaction(async (tx) => {
    await lockEmail(tx, emailId)
    const email = await tx.email.findUnique({ where: { id: emailId } })
    // A report that it was sent may have come in the meantime.
    if (email && !email.providerId) await recordEvent(tx, emailId, { status: 'failed', reason })
    await completeJob(boss, tx, job)
  })
}
