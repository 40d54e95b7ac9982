import { z } from 'zod'
import { type Batch, writeBatch } from '@/lib/email/batch'
import { writeMessage } from '@/lib/email/message'
import { takeTurn } from '@/lib/email/pace'
import { prisma, type Transaction } from '@/lib/prisma'
import { settleJobs, takeJobs } from '@/lib/queue'
import { deliver } from '../deliver'
import { untilStopped } from '../stop'
import { GiveUp, type Job } from '../work'

/** Resend's own limit. */
const MAX_BATCH = 100

/**
 * Sends an email, and in the same request what else waits when our turn comes. The job is done when the batch is
 * written down: from then on it is the batch that is sent, once, whoever dies.
 * @throws {GiveUp} when there is no such email
 * @throws when the worker is asked to stop, or the database is away: the queue tries again
 */
export default async function sendEmail(job: Job<'send-email'>): Promise<void> {
  const turn = await takeTurn(untilStopped(job.signal))
  const batch = await prisma().$transaction((tx) => gather(tx, job))
  if (batch) await deliver(batch, turn)
}

async function gather(tx: Transaction, job: Job<'send-email'>): Promise<Batch | undefined> {
  const jobs = [job, ...(await takeJobs(tx, 'send-email', MAX_BATCH - 1))]
  const emails = await readEmails(
    tx,
    jobs.map(({ data }) => data?.emailId),
  )
  if (!emails.has(job.data.emailId)) throw new GiveUp('no_such_email')

  const isKnown = ({ data }: (typeof jobs)[number]): boolean => emails.has(data?.emailId)
  await settleJobs(tx, 'send-email', 'complete', jobs.filter(isKnown))
  // Poisoned ones: each must be its own worker's first job, who buries it.
  await settleJobs(
    tx,
    'send-email',
    'fail',
    jobs.filter((job) => !isKnown(job)),
  )

  const waiting = [...emails.values()].filter(({ isWaiting }) => isWaiting)
  if (waiting.length === 0) return
  return await writeBatch(tx, await Promise.all(waiting.map(writeMessage)))
}

type WaitingEmail = Parameters<typeof writeMessage>[0] & {
  /** Not sent, not given up, and in no batch that somebody else may be sending. */
  isWaiting: boolean
}

// Locked, in the order of all who lock many: if two jobs mean the same email, one of the batches has it.
async function readEmails(tx: Transaction, ids: unknown[]): Promise<Map<string, WaitingEmail>> {
  const wellFormed = ids.filter((id) => z.guid().safeParse(id).success)
  const emails = await tx.$queryRaw<WaitingEmail[]>`
    SELECT "Email".id, recipient, json_build_object('name', name, 'email', email) AS user,
      status IN ('queued', 'sending', 'retrying') AND "batchId" IS NULL AS "isWaiting"
    FROM "Email" JOIN "User" ON "User".id = "userId"
    WHERE "Email".id = ANY (${wellFormed}::uuid[]) ORDER BY "Email".id FOR UPDATE OF "Email"`
  return new Map(emails.map((email) => [email.id, email]))
}
