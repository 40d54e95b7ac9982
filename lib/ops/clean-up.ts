import { deleteSessions, isExpired } from '../account/session'
import { prisma } from '../db/prisma'
import { Prisma } from '../generated/prisma/client'
import { isKeyForgotten } from '../sending/batch'
import { isUnfinished } from '../sending/forget'

/** So many rows at a time: a statement has ten seconds. */
const MOST = Prisma.sql`LIMIT 5000`
const MOST_ROWS = 5_000

/**
 * What is deleted when, in SQL. docs/operations.md has the same in words. Finished jobs have a lifetime in their queue:
 * see lib/queue.ts.
 */
const STATEMENTS: Record<string, Prisma.Sql> = {
  // Nobody may send these bytes any more: Resend has forgotten the key. The row stays, and with it the doubt.
  'rendered mails': Prisma.sql`
    UPDATE "Batch" SET messages = '[]' WHERE id IN (
      SELECT id FROM "Batch" WHERE ${isKeyForgotten}
        AND json_array_length(messages) > 0 AND NOT ${isUnfinished} ${MOST} FOR UPDATE SKIP LOCKED)`,
  'batches of nobody': Prisma.sql`
    DELETE FROM "Batch" WHERE id IN (
      SELECT id FROM "Batch" WHERE NOT EXISTS (SELECT FROM "Email" WHERE "batchId" = "Batch".id)
      ${MOST} FOR UPDATE SKIP LOCKED)`,
  // A ticket keeps its first line and what it ended with.
  events: Prisma.sql`
    DELETE FROM "EmailEvent" WHERE id IN (
      SELECT event.id FROM "EmailEvent" event JOIN "Email" ON "Email".id = "emailId"
      WHERE at < now() - interval '30 days' AND "updatedAt" < now() - interval '30 days'
        AND event.status <> 'queued' AND event.status <> "Email".status ${MOST})`,
  'suppressed mailboxes': Prisma.sql`
    DELETE FROM "SuppressedMailbox" WHERE mailbox IN (
      SELECT mailbox FROM "SuppressedMailbox" WHERE "expiresAt" < now() ${MOST})`,
  'spent keys': Prisma.sql`
    DELETE FROM "SpentKey" WHERE key IN (SELECT key FROM "SpentKey" WHERE until < now() ${MOST})`,
  // While visitors are counted: a row that is counted in this moment is left for the next time.
  'what visitors have done': Prisma.sql`
    DELETE FROM "RateLimit" WHERE key IN (
      SELECT key FROM "RateLimit" WHERE "expiresAt" < now() ${MOST} FOR UPDATE SKIP LOCKED)`,
  // Their files are deleted after a day, by jobs of their own. // orders
  exports: Prisma.sql`DELETE FROM "Export" WHERE id IN (SELECT id FROM "Export" WHERE "createdAt" < now() - interval '30 days' ${MOST})`, // orders
}

/**
 * Deletes what is older than it may be.
 * @returns how much of what, where there was something
 * @throws when the database is unreachable: what was not deleted, is the next time
 */
export async function cleanUp(): Promise<[string, number][]> {
  const counts: [string, number][] = []
  const deleteAll = async (what: string, deleteSome: () => Promise<number>): Promise<void> => {
    let total = 0
    for (let rows = MOST_ROWS; rows >= MOST_ROWS; total += rows) rows = await deleteSome()
    if (total > 0) counts.push([what, total])
  }
  for (const [what, statement] of Object.entries(STATEMENTS))
    await deleteAll(what, () => prisma().$executeRaw(statement))
  await deleteAll('sessions', () => prisma().$transaction((tx) => deleteSessions(tx, isOfNoUse)))
  return counts
}

const isOfNoUse = Prisma.sql`(
  ${isExpired} OR NOT EXISTS (SELECT FROM "User" WHERE "sessionId" = "Session".id))`
