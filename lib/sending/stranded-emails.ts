import type { Transaction } from '../db/prisma'
import { Prisma } from '../generated/prisma/client'
import { recordEvents } from '../status/record'
import { lockBatch, requeueBatch } from './batch'
import { enqueueEmails } from './enqueue'
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

async function repairEmail(tx: Transaction, id: string): Promise<void> {
  const email = await tx.email.findUniqueOrThrow({ where: { id }, include: { events: { take: 1 } } })
  // Its batch and key are lost. A new batch might send the mail twice, so an operator decides.
  if (email.status === 'sending') {
    await recordEvents(tx, [{ emailId: id, status: 'failed', reason: 'outcome_unknown' }])
    return
  }
  if (email.events.length === 0)
    await tx.emailEvent.create({ data: { emailId: id, status: 'queued', at: email.createdAt } })
  await enqueueEmails(tx, [email])
}
