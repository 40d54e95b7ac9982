import { prisma } from './db/prisma'
import { KEY_LIFETIME_MS } from './email/batch'
import { isUnfinished } from './email/forget'
import { Prisma } from './generated/prisma/client'
import { isOver } from './session'

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
      SELECT id FROM "Batch" WHERE "createdAt" < now() - make_interval(secs => ${KEY_LIFETIME_MS / 1000})
        AND json_array_length(messages) > 0 AND NOT ${isUnfinished} ${MOST})`,
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
  sessions: Prisma.sql`
    DELETE FROM "Session" WHERE id IN (
      SELECT id FROM "Session" WHERE ${isOver} OR NOT EXISTS (SELECT FROM "User" WHERE "sessionId" = "Session".id) ${MOST})`,
  'suppressed mailboxes': Prisma.sql`
    DELETE FROM "SuppressedMailbox" WHERE mailbox IN (
      SELECT mailbox FROM "SuppressedMailbox" WHERE "expiresAt" < now() ${MOST})`,
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
  for (const [what, statement] of Object.entries(STATEMENTS)) {
    let total = 0
    for (let rows = MOST_ROWS; rows >= MOST_ROWS; total += rows) rows = await prisma().$executeRaw(statement)
    if (total > 0) counts.push([what, total])
  }
  return counts
}
