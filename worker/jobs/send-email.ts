import type { PgBoss } from 'pg-boss'
import { countFailures, mayHaveBeenAccepted, mightSendTwice } from '@/lib/email/history'
import { renderInvitation } from '@/lib/email/invitation'
import { MAX_FAILURES, retryDelay } from '@/lib/email/outcome'
import { recordEvent } from '@/lib/email/record'
import { type Message, sendMessage } from '@/lib/email/send'
import { RANK } from '@/lib/email/status'
import { renderWelcome } from '@/lib/email/welcome'
import type { Email, User } from '@/lib/generated/prisma/client'
import { prisma } from '@/lib/prisma'
import { completeJob, GiveUp, postponeJob } from '../settle'
import type { Job } from '../work'

/**
 * One attempt to send one email. It may run twice, die anywhere and be taken over by another worker: the idempotency
 * key and the stored message make sure that Resend sends one mail.
 * @throws {GiveUp} when trying again cannot help: the job goes to the dead-letter queue
 * @throws when the database is away: the queue tries again
 */
export default async function sendEmail(job: Job<'send-email'>, boss: PgBoss): Promise<void> {
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
  const failures = countFailures(email.events)
  // Only an attempt that died with its worker gets here: the others have given up below.
  if (failures >= MAX_FAILURES) throw new GiveUp('worker_died')

  // 2. Send.
  await prisma().$transaction((tx) => recordEvent(tx, emailId, { status: 'sending', attempt }))
  const message =
    mayHaveBeenAccepted(email.events) && email.message ? (email.message as Message) : await render(email)
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
      if (failures + 1 >= MAX_FAILURES) throw new GiveUp(outcome.reason)
      return await tryAgain(boss, job, outcome.reason, retryDelay(failures + 1))

    case 'wait':
    case 'operator':
      if (outcome.kind === 'operator') console.error(`NO MAIL GOES OUT: Resend answers ${outcome.reason}.`)
      return await tryAgain(boss, job, outcome.reason, spread(outcome.seconds))

    case 'permanent':
    case 'unknown':
      throw new GiveUp(outcome.reason)
  }
}

async function tryAgain(
  boss: PgBoss,
  job: Job<'send-email'>,
  reason: string,
  delayMs: number,
): Promise<void> {
  const retryAt = new Date(Date.now() + delayMs)
  const attempt = job.retryCount + 1
  await prisma().$transaction(async (tx) => {
    await postponeJob(boss, tx, job, retryAt)
    await recordEvent(tx, job.data.emailId, { status: 'retrying', attempt, reason, retryAt })
  })
}

// Those who were turned away together should not all come back in the same moment.
function spread(seconds: number): number {
  return seconds * 1000 * (1 + Math.random() / 2)
}

// Once an attempt may have been accepted, every later one must send the same bytes, or Resend takes it for another
// mail under a used key. So what is sent is stored first, and a later version of the template changes only mails that
// nobody can have got yet.
async function render({ id, recipient, user }: Email & { user: User }): Promise<Message> {
  const message = await (recipient ? renderInvitation(id, user, recipient) : renderWelcome(id, user))
  await prisma().email.update({ where: { id }, data: { message } })
  return message
}
