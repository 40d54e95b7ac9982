import { prisma, type Transaction } from './db/prisma'
import { shareFor } from './db/share'
import { lockBatch, requeueBatch } from './email/batch'
import { enqueueEmails } from './email/enqueue'
import { recordEvents } from './email/record'
import { Prisma } from './generated/prisma/client'
import { log } from './log'
import { EXPORT, FILE } from './orders/stranded' // orders
import { enqueue } from './queue'
import { completeSignup } from './signup/signup'
import { isOld, type Kind, lacksJob } from './stranded'

/*
 * Every row that waits for something has a job, because both commit together. This looks for rows that lack theirs all
 * the same: a job that was deleted by hand, a restored table, a fault that is not known yet. What it finds, it mends.
 */

/** How many rows of a kind are counted, and mended in one run. */
const MOST = 1_000

const isUnfinished = Prisma.sql`"Email".status IN ('queued', 'sending', 'retrying') AND ${isOld(Prisma.sql`"updatedAt"`)}`

const KINDS: Record<string, Kind> = {
  email: {
    stranded: Prisma.sql`
      SELECT "Email".id FROM "Email" JOIN "User" ON "User".id = "userId"
      WHERE ${isUnfinished} AND "batchId" IS NULL AND erasure IS NULL
        AND ${lacksJob(['send-email', 'send-email-dead'], 'emailId', Prisma.sql`"Email".id`)}`,
    lock: (tx, id) => tx.$queryRaw`SELECT FROM "Email" WHERE id = ${id}::uuid FOR UPDATE`,
    mend: mendEmail,
  },
  batch: {
    stranded: Prisma.sql`
      SELECT DISTINCT "batchId" AS id FROM "Email"
      WHERE ${isUnfinished} AND "batchId" IS NOT NULL
        AND ${lacksJob(['retry-batch'], 'batchId', Prisma.sql`"batchId"`)}`,
    lock: lockBatch,
    mend: (tx, id) => requeueBatch(tx, id),
  },
  user: {
    // Those that were there at the last run need not be looked at again. A transaction may take a while to commit.
    stranded: Prisma.sql`
      SELECT id FROM "User"
      WHERE "signupHash" IS NOT NULL AND erasure IS NULL AND ${isOld(Prisma.sql`"createdAt"`)}
        AND "createdAt" >= coalesce((SELECT "checkedUntil" FROM "Sweep") - interval '5 minutes', '-infinity')
        AND NOT EXISTS (SELECT FROM "Email" WHERE "userId" = "User".id)`,
    lock: (tx, id) => tx.$queryRaw`SELECT FROM "User" WHERE id = ${id}::uuid FOR UPDATE`,
    mend: completeSignup,
  },
  erasure: {
    stranded: Prisma.sql`
      SELECT id FROM "User" WHERE erasure IS NOT NULL AND ${lacksJob(['erase-user'], 'userId', Prisma.sql`"User".id`)}`,
    lock: (tx, id) => tx.$queryRaw`SELECT FROM "User" WHERE id = ${id}::uuid FOR UPDATE`,
    mend: (tx, userId) => enqueue(tx, 'erase-user', { userId }),
  },
  export: EXPORT, // orders
  file: FILE, // orders
}

/**
 * Mends stranded rows: gives each its job again, or what else it lacks.
 * @throws when the database or the queue is unavailable. What was not mended is found by the next run.
 */
export async function sweep(): Promise<void> {
  const [{ start }] = await prisma().$queryRaw<[{ start: Date }]>`SELECT now() - interval '1 minute' AS start`
  for (const [name, kind] of Object.entries(KINDS)) {
    const rows = await prisma().$queryRaw<{ id: string }[]>`${kind.stranded} LIMIT ${MOST}`
    for (const { id } of rows) {
      if (await mendOne(kind, id))
        log.warn({ [`${name}Id`]: id }, `A stranded ${name} was mended: it waited without a job`)
    }
    // The rest is found by the next run, a minute later.
    if (rows.length === MOST) return
  }
  await prisma().$executeRaw`
    INSERT INTO "Sweep" ("checkedUntil") VALUES (${start})
    ON CONFLICT (id) DO UPDATE SET "checkedUntil" = excluded."checkedUntil"`
}

async function mendOne({ stranded, lock, mend }: Kind, id: string): Promise<boolean> {
  return await prisma().$transaction(async (tx) => {
    await lock(tx, id)
    // Before we had the lock, somebody else may have mended it.
    const rows = await tx.$queryRaw<unknown[]>`SELECT FROM (${stranded}) AS stranded WHERE id = ${id}::uuid`
    if (rows.length === 0) return false
    await mend(tx, id)
    await tx.$executeRaw`
      INSERT INTO "Sweep" ("checkedUntil", mended) VALUES ('-infinity', 1)
      ON CONFLICT (id) DO UPDATE SET mended = "Sweep".mended + 1`
    return true
  })
}

async function mendEmail(tx: Transaction, id: string): Promise<void> {
  const email = await tx.email.findUniqueOrThrow({ where: { id }, include: { events: { take: 1 } } })
  // Its batch is lost, and with it the key: another one might send the mail twice. A person decides.
  if (email.status === 'sending') {
    await recordEvents(tx, [{ emailId: id, status: 'failed', reason: 'outcome_unknown' }])
    return
  }
  if (email.events.length === 0)
    await tx.emailEvent.create({ data: { emailId: id, status: 'queued', at: email.createdAt } })
  await enqueueEmails(tx, [email])
}

/** How many rows are stranded now, and how many were mended so far. Many may ask: the answer may be 5 s old. */
export const countStranded = shareFor(5_000, async (): Promise<{ stranded: number; mended: number }> => {
  const counts = Object.values(KINDS).map(
    ({ stranded }) => Prisma.sql`(SELECT count(*) FROM (${stranded} LIMIT ${MOST}) AS kind)`,
  )
  const [row] = await prisma().$queryRaw<[{ stranded: number; mended: number }]>`
    SELECT (${Prisma.join(counts, ' + ')})::int AS stranded, coalesce((SELECT mended FROM "Sweep"), 0) AS mended`
  return row
})
