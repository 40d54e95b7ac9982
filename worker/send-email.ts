import type { JobWithMetadata, PgBoss } from 'pg-boss'
import { mightSendTwice } from '@/lib/email/doubt'
import { retryDelay } from '@/lib/email/outcome'
import { recordEvent } from '@/lib/email/record'
import { type Message, sendMessage } from '@/lib/email/send'
import { RANK } from '@/lib/email/status'
import { renderWelcome } from '@/lib/email/welcome'
import { Prisma, type User } from '@/lib/generated/prisma/client'
import { prisma } from '@/lib/prisma'
import type { JobData } from '@/lib/queue'
import { completeJob, GiveUp, postponeJob } from './settle'

type SendEmailJob = JobWithMetadata<JobData<'send-email'>>

/**
 * One attempt to send one email. It may run twice, die anywhere and be taken over by another worker: the idempotency
 * key and the stored message make sure that Resend sends one mail.
 * @throws {GiveUp} when trying again cannot help: the job goes to the dead-letter queue
 * @throws when the database is away: the queue tries again
 */
export async function sendEmail(job: SendEmailJob, boss: PgBoss): Promise<void> {
  const { emailId } = job.data
  const attempt = job.retryCount + 1

  // 1. Is there anything left to do?
  const email = await prisma().email.findUnique({
    where: { id: emailId },
    include: { user: true, events: { orderBy: { id: 'asc' } } },
  })
  if (!email) throw new GiveUp('no_such_email')
  if (RANK[email.status] >= RANK.sent) return
  if (mightSendTwice(email.events)) throw new GiveUp('outcome_unknown')

  // 2. Send.
  await prisma().$transaction((tx) => recordEvent(tx, emailId, { status: 'sending', attempt }))
  const message = (email.message as Message | null) ?? (await renderOnce(emailId, email.user))
  const outcome = await sendMessage(message, `${email.kind}/${emailId}`, job.signal)

  // 3. Record what happened, in one transaction with what follows from it.
  switch (outcome.kind) {
    case 'accepted':
      await prisma().$transaction(async (tx) => {
        await recordEvent(tx, emailId, { status: 'sent', attempt, providerId: outcome.providerId })
        await completeJob(boss, tx, job)
      })
      return

    case 'retry':
      if (attempt >= job.retryLimit) throw new GiveUp(outcome.reason)
      return await tryAgain(boss, job, outcome.reason, retryDelay(attempt), { isAttempt: true })

    case 'wait':
    case 'operator':
      if (outcome.kind === 'operator') console.error(`NO MAIL GOES OUT: Resend answers ${outcome.reason}.`)
      return await tryAgain(boss, job, outcome.reason, spread(outcome.seconds), { isAttempt: false })

    case 'permanent':
    case 'unknown':
      throw new GiveUp(outcome.reason)
  }
}

async function tryAgain(
  boss: PgBoss,
  job: SendEmailJob,
  reason: string,
  delayMs: number,
  { isAttempt }: { isAttempt: boolean },
): Promise<void> {
  const retryAt = new Date(Date.now() + delayMs)
  const attempt = job.retryCount + 1
  await prisma().$transaction(async (tx) => {
    await postponeJob(boss, tx, job, retryAt, { isAttempt })
    await recordEvent(tx, job.data.emailId, { status: 'retrying', attempt, reason, retryAt })
  })
}

// Those who were turned away together should not all come back in the same moment.
function spread(seconds: number): number {
  return seconds * 1000 * (1 + Math.random() / 2)
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
