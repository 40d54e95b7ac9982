import type { Transaction } from '../db/prisma'
import { Prisma } from '../generated/prisma/client'
import { recordEvents } from '../status/record'
import { lockBatch, requeueBatch } from './batch'
import { enqueueEmails } from './enqueue'
import { HOURLY_LIMIT_REACHED, VERDICTS } from './outcome'
import { USERS } from './recipients'
import type { StrandedKind } from './stranded'

export const isUnfinished = Prisma.sql`status IN ('queued', 'sending', 'retrying')`

export const EMAIL: StrandedKind = {
  waiting: Prisma.sql`
    SELECT id, "updatedAt" AS since FROM "Email" WHERE ${isUnfinished} AND "batchId" IS NULL
      AND "userId" NOT IN (SELECT id FROM ${USERS} AS "user" WHERE erasure IS NOT NULL)`,
  job: { queues: ['send-email', 'send-ticket', 'send-email-alone', 'send-email-dead'], field: 'emailId' },
  lock: (tx, id) => tx.$queryRaw`SELECT FROM "Email" WHERE id = ${id}::uuid FOR UPDATE`,
  repair: repairEmail,
}

export const BATCH: StrandedKind = {
  waiting: Prisma.sql`
    SELECT "batchId" AS id, "updatedAt" AS since FROM "Email" WHERE ${isUnfinished} AND "batchId" IS NOT NULL`,
  job: { queues: ['retry-batch'], field: 'batchId' },
  lock: lockBatch,
  repair: (tx, id) => requeueBatch(tx, id),
}

/** Reasons of an attempt that Resend has certainly not accepted. */
const REJECTIONS = [
  HOURLY_LIMIT_REACHED,
  ...Object.keys(VERDICTS).filter((code) => !['retry', 'key_conflict'].includes(VERDICTS[code]?.kind ?? '')),
]

/** Whether Resend may have accepted an attempt, since an operator last decided that it has not (`redrive -- --force`). */
async function isInDoubt(tx: Transaction, id: string): Promise<boolean> {
  const attempts = await tx.$queryRaw<unknown[]>`
    SELECT FROM (
      SELECT id, status, lead(reason) OVER (ORDER BY id) AS outcome,
        max(id) FILTER (WHERE status = 'queued' AND reason = 'forced') OVER () AS forced
      FROM "EmailEvent" WHERE "emailId" = ${id}::uuid
    ) AS event
    WHERE status = 'sending' AND id > coalesce(forced, 0) AND coalesce(outcome, '') <> ALL (${REJECTIONS})`
  return attempts.length > 0
}

async function repairEmail(tx: Transaction, id: string): Promise<void> {
  const email = await tx.email.findUniqueOrThrow({ where: { id }, include: { events: { take: 1 } } })
  // Its batch and key are lost. A new batch might send the mail twice, so an operator decides.
  if (await isInDoubt(tx, id)) {
    await recordEvents(tx, [{ emailId: id, status: 'failed', reason: 'outcome_unknown' }])
    return
  }
  if (email.events.length === 0)
    await tx.emailEvent.create({ data: { emailId: id, status: 'queued', at: email.createdAt } })
  await enqueueEmails(tx, [email])
}
