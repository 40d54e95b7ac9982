import { deleteSessions, isUnused } from '../account/session'
import { prisma, type Transaction } from '../db/prisma'
import { Prisma } from '../generated/prisma/client'
import { log, reasonOf } from '../log'
import { isKeyExpired } from '../sending/batch'
import { isToBeSent } from '../sending/batch-contents'

/** A statement has nine seconds. */
const CHUNK = 5_000

type DeleteSome = () => Promise<number>

// The job `expire-export` deletes their files after a day. // orders
const OLD_EXPORTS = Prisma.sql`DELETE FROM "Export" WHERE id IN (SELECT id FROM "Export" WHERE "createdAt" < now() - interval '30 days' ORDER BY "createdAt" LIMIT ${CHUNK})` // orders

/** See docs/operations.md. Each reads only the rows that are due, by an index or a cursor, or the small table "Batch". */
const CLEAN_UPS: Record<string, DeleteSome> = {
  // Without the key, a batch must not be sent again. Its row stays for `redrive`, which must know that it is in doubt.
  'rendered mails': runSql(Prisma.sql`
    UPDATE "Batch" SET messages = '[]' WHERE id IN (
      SELECT id FROM "Batch" WHERE ${isKeyExpired}
        AND json_array_length(messages) > 0 AND NOT ${isToBeSent} LIMIT ${CHUNK} FOR UPDATE SKIP LOCKED)`),
  'batches without emails': runSql(Prisma.sql`
    DELETE FROM "Batch" WHERE id IN (
      SELECT id FROM "Batch" WHERE NOT EXISTS (SELECT FROM "Email" WHERE "batchId" = "Batch".id)
      LIMIT ${CHUNK} FOR UPDATE SKIP LOCKED)`),
  events: deleteEvents,
  'suppressed mailboxes': runSql(Prisma.sql`
    DELETE FROM "SuppressedMailbox" WHERE mailbox IN (
      SELECT mailbox FROM "SuppressedMailbox" WHERE "expiresAt" < now() ORDER BY "expiresAt" LIMIT ${CHUNK} FOR UPDATE SKIP LOCKED)`),
  'spent keys': runSql(Prisma.sql`
    DELETE FROM "SpentKey" WHERE key IN (
      SELECT key FROM "SpentKey" WHERE until < now() ORDER BY until LIMIT ${CHUNK} FOR UPDATE SKIP LOCKED)`),
  sessions: () => prisma().$transaction((tx) => deleteSessions(tx, isUnused, CHUNK)),
  'limit counters': runSql(Prisma.sql`
    DELETE FROM "RateLimit" WHERE key IN (
      SELECT key FROM "RateLimit" WHERE "expiresAt" < now() ORDER BY "expiresAt" LIMIT ${CHUNK} FOR UPDATE SKIP LOCKED)`),
  exports: runSql(OLD_EXPORTS), // orders
}

/** Deletes expired rows. When one clean-up fails, the others go on. */
export async function cleanUp(): Promise<[string, number][]> {
  const counts: [string, number][] = []
  const failed: string[] = []
  for (const [name, deleteSome] of Object.entries(CLEAN_UPS)) {
    let total = 0
    try {
      for (let rows = CHUNK; rows >= CHUNK; total += rows) rows = await deleteSome()
    } catch (error) {
      failed.push(name)
      log.error(
        { reason: reasonOf(error) },
        `The clean-up of ${name} failed: the next run, in an hour, retries it`,
      )
    }
    if (total > 0) counts.push([name, total])
  }
  await prisma().$executeRaw`
    INSERT INTO "CleanUp" (name, "failedAt") SELECT unnest(${failed}::text[]), now()
    ON CONFLICT (name) DO UPDATE SET "failedAt" = excluded."failedAt"`
  await prisma()
    .$executeRaw`UPDATE "CleanUp" SET "failedAt" = NULL WHERE "failedAt" IS NOT NULL AND name <> ALL (${failed}::text[])`
  return counts
}

function runSql(statement: Prisma.Sql): DeleteSome {
  return () => prisma().$executeRaw(statement)
}

// Of an email without news for 30 days, keeps the first event and the final status. The cursor reads each event once.
function deleteEvents(): Promise<number> {
  return prisma().$transaction(async (tx) => {
    const cursor = await lockCursor(tx, 'events')
    const events = await tx.$queryRaw<{ id: bigint; emailId: string; isDue: boolean }[]>`
      SELECT id, "emailId", ${isOld(Prisma.sql`at`)} AS "isDue" FROM "EmailEvent" WHERE id > ${cursor}
      ORDER BY id LIMIT ${CHUNK}`
    const end = events.findIndex(({ isDue }) => !isDue)
    const due = end < 0 ? events : events.slice(0, end)
    const last = due.at(-1)
    if (!last) return 0
    const emailIds = [...new Set(due.map(({ emailId }) => emailId))]
    // An erasure locks the emails before it deletes their events.
    await tx.$queryRaw`SELECT FROM "Email" WHERE id = ANY (${emailIds}::uuid[]) ORDER BY id FOR NO KEY UPDATE`
    // Skips an email with a newer event: the cursor reaches that event later.
    await tx.$executeRaw`
      DELETE FROM "EmailEvent" WHERE id IN (
        SELECT event.id FROM unnest(${emailIds}::uuid[]) AS checked
        CROSS JOIN LATERAL (SELECT status FROM "Email" WHERE "Email".id = checked LIMIT 1) AS email
        CROSS JOIN LATERAL (
          SELECT id, status, at, max(at) OVER () AS newest FROM "EmailEvent" WHERE "emailId" = checked
        ) AS event
        WHERE event.status NOT IN ('queued', email.status) AND ${isOld(Prisma.sql`newest`)})`
    await tx.$executeRaw`UPDATE "CleanUp" SET cursor = ${last.id} WHERE name = 'events'`
    return due.length
  })
}

const isOld = (time: Prisma.Sql): Prisma.Sql => Prisma.sql`${time} < now() - interval '30 days'`

async function lockCursor(tx: Transaction, name: string): Promise<bigint> {
  await tx.$executeRaw`INSERT INTO "CleanUp" (name) VALUES (${name}) ON CONFLICT DO NOTHING`
  const [{ cursor }] = await tx.$queryRaw<[{ cursor: bigint }]>`
    SELECT cursor FROM "CleanUp" WHERE name = ${name} FOR UPDATE`
  return cursor
}
