import type { Transaction } from '@/lib/db/prisma'
import { type Batch, writeBatch } from '@/lib/email/batch'
import { countRoom } from '@/lib/email/cap'
import { lockEmails } from '@/lib/email/lock'
import { writeMessage } from '@/lib/email/message'
import { dropSuppressed } from '@/lib/email/suppression'
import { lockJob, settleJobs, takeJobs } from '@/lib/queue'
import { deliver } from '../deliver'
import { GiveUp, type Job } from '../work'

/**
 * Sends an email, and in the same request what else waits when our turn comes. The jobs are done when the batch is
 * written down: from then on it is the batch that is sent, and again until there is an answer, whoever dies.
 * @throws {GiveUp} when there is no such email
 */
export default async function sendEmail(job: Job<'send-email'>): Promise<void> {
  await deliver(job.signal, (tx) => gatherBatch(tx, job))
}

async function gatherBatch(tx: Transaction, job: Job<'send-email'>): Promise<Batch | undefined> {
  await lockJob(tx, 'send-email', job.id)
  const jobs = [job, ...(await takeJobs(tx, 'send-email', (await countRoom()) - 1))]
  const emails = await lockEmails(
    tx,
    jobs.map(({ data }) => data?.emailId),
  )
  const email = emails.get(job.data.emailId)
  if (!email) throw new GiveUp('no_such_email')
  // Only the next version knows this kind. It is being deployed, and its workers will take the job.
  if (!email.hasTemplate) throw new Error(`No template for "${email.kind}"`)

  const known = jobs.filter(({ data }) => emails.get(data?.emailId)?.hasTemplate)
  await settleJobs(tx, 'send-email', 'complete', known)
  // A job that is poisoned comes back, and is given up when it is the one that leads.
  const others = jobs.filter((job) => !known.includes(job))
  await settleJobs(tx, 'send-email', 'fail', others)

  const waiting = await dropSuppressed(
    tx,
    [...emails.values()].filter(({ isWaiting }) => isWaiting),
  )
  if (waiting.length > 0) return await writeBatch(tx, await Promise.all(waiting.map(writeMessage)))
}
