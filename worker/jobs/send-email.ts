import { z } from 'zod'
import type { Transaction } from '@/lib/db/prisma'
import { type Batch, writeBatch } from '@/lib/email/batch'
import { countRoom } from '@/lib/email/cap'
import { type Recipient, writeMessage } from '@/lib/email/message'
import { dropSuppressed } from '@/lib/email/suppression'
import { TEMPLATES } from '@/lib/email/templates'
import { settleJobs, takeJobs } from '@/lib/queue'
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
  const jobs = [job, ...(await takeJobs(tx, 'send-email', (await countRoom()) - 1))]
  const emails = await readEmails(
    tx,
    jobs.map(({ data }) => data?.emailId),
  )
  const email = emails.get(job.data.emailId)
  if (!email) throw new GiveUp('no_such_email')
  // It comes from the next version, which is being deployed, and will have workers, too.
  if (!email.hasTemplate) throw new Error(`No template for "${email.kind}"`)

  const isKnown = ({ data }: Pick<Job<'send-email'>, 'data'>): boolean =>
    emails.get(data?.emailId)?.hasTemplate === true
  await settleJobs(tx, 'send-email', 'complete', jobs.filter(isKnown))
  // What is poisoned comes back, and is buried when it is the first.
  await settleJobs(
    tx,
    'send-email',
    'fail',
    jobs.filter((job) => !isKnown(job)),
  )

  const waiting = await dropSuppressed(
    tx,
    [...emails.values()].filter(({ isWaiting }) => isWaiting),
  )
  if (waiting.length > 0) return await writeBatch(tx, await Promise.all(waiting.map(writeMessage)))
}

/**
 * `isWaiting`: of a kind that we know, not sent, not given up, in no batch that somebody else may be sending, and nobody to
 * be erased.
 */
type WaitingEmail = Recipient & { isWaiting: boolean; hasTemplate: boolean }

// Locked, in the order of all who lock many: if two jobs mean the same email, one of the batches has it.
async function readEmails(tx: Transaction, ids: unknown[]): Promise<Map<string, WaitingEmail>> {
  const wellFormed = ids.filter((id) => z.guid().safeParse(id).success)
  const kinds = Object.keys(TEMPLATES)
  const emails = await tx.$queryRaw<WaitingEmail[]>`
    SELECT "Email".id, kind, recipient, json_build_object('name', name, 'email', email) AS user,
      kind = ANY (${kinds}) AS "hasTemplate",
      kind = ANY (${kinds}) AND status IN ('queued', 'sending', 'retrying') AND "batchId" IS NULL
        AND erasure IS NULL AS "isWaiting"
    FROM "Email" JOIN "User" ON "User".id = "userId"
    WHERE "Email".id = ANY (${wellFormed}::uuid[]) ORDER BY "Email".id FOR UPDATE OF "Email"`
  return new Map(emails.map((email) => [email.id, email]))
}
