import type { JobWithMetadata, PgBoss } from 'pg-boss'
import { retryDelay } from '@/lib/email/outcome'
import { recordEvent } from '@/lib/email/record'
import { type Message, sendMessage } from '@/lib/email/send'
import { RANK } from '@/lib/email/status'
import { renderWelcome } from '@/lib/email/welcome'
import { Prisma, type User } from '@/lib/generated/prisma/client'
import { prisma } from '@/lib/prisma'
import type { JobData } from '@/lib/queue'
import { completeJob, GiveUp, postponeJob } from './settle'

/**
 * One attempt to send one email. It may run twice, die anywhere and be taken over by another worker: the idempotency
 * key and the stored message make sure that Resend sends one mail.
 * @throws {GiveUp} when trying again cannot help: the job goes to the dead-letter queue
 * @throws when the database is away: the queue tries again
 */
export async function sendEmail(job: JobWithMetadata<JobData<'send-email'>>, boss: PgBoss): Promise<void> {
  const { emailId } = job.data
  const attempt = job.retryCount + 1

  const email = await prisma().email.findUnique({ where: { id: emailId }, include: { user: true } })
  if (!email) throw new GiveUp('no_such_email')
  if (RANK[email.status] >= RANK.sent && email.status !== 'failed') return

  await prisma().$transaction(async (tx) => {
    // A job of a mail that was given up was put back by hand.
    if (email.status === 'failed') await recordEvent(tx, emailId, { status: 'queued' })
    await recordEvent(tx, emailId, { status: 'sending', attempt })
  })

  const message = (email.message as Message | null) ?? (await renderOnce(emailId, email.user))
  const outcome = await sendMessage(message, `${email.kind}/${emailId}`, job.signal)

  // What happened and what follows from it are one transaction.
  switch (outcome.kind) {
    case 'accepted':
      await prisma().$transaction(async (tx) => {
        await recordEvent(tx, emailId, { status: 'sent', attempt, providerId: outcome.providerId })
        await completeJob(boss, tx, job)
      })
      return
    case 'retry':
    case 'wait': {
      const isAttempt = outcome.kind === 'retry'
      if (isAttempt && job.retryCount >= job.retryLimit) throw new GiveUp(outcome.reason)
      const delay = isAttempt ? retryDelay(attempt) : outcome.seconds * 1000
      const retryAt = new Date(Date.now() + delay)
      await prisma().$transaction(async (tx) => {
        await postponeJob(boss, tx, job, retryAt, { isAttempt })
        await recordEvent(tx, emailId, { status: 'retrying', attempt, reason: outcome.reason, retryAt })
      })
      return
    }
    case 'permanent':
      throw new GiveUp(outcome.reason)
  }
}

// Every attempt must send the same bytes, or Resend takes the second for another mail under a used key.
// So what the first attempt renders is stored, whatever a later version of the template says.
async function renderOnce(emailId: string, user: User): Promise<Message> {
  await prisma().email.updateMany({
    where: { id: emailId, message: { equals: Prisma.DbNull } },
    data: { message: await renderWelcome(emailId, user) },
  })
  const { message } = await prisma().email.findUniqueOrThrow({ where: { id: emailId } })
  return message as Message
}
