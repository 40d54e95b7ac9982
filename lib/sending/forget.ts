import type { Transaction } from '../db/prisma'
import { Prisma } from '../generated/prisma/client'

/** In SQL: the batch holds the bytes of one of these mails. */
function holdsOneOf(emailIds: string[]): Prisma.Sql {
  return Prisma.sql`EXISTS (SELECT FROM json_array_elements(messages) AS message WHERE ${isOneOf(emailIds)})`
}

function isOneOf(emailIds: string[]): Prisma.Sql {
  return Prisma.sql`message->'tags'->0->>'value' = ANY (${emailIds})`
}

/** In SQL: a mail is in doubt that was not given up, so the batch is sent again. */
export const isUnfinished = Prisma.sql`EXISTS (
  SELECT FROM "Email" WHERE "batchId" = "Batch".id AND status <> 'failed')`

/** Whether one of these mails is in a batch that may be sent again. @throws when the database is unreachable. */
export async function areUnderWay(tx: Transaction, emailIds: string[]): Promise<boolean> {
  const batches = await tx.$queryRaw<unknown[]>`
    SELECT FROM "Batch" WHERE ${isUnfinished} AND ${holdsOneOf(emailIds)} LIMIT 1`
  return batches.length > 0
}

/**
 * Takes these mails out of the batches that were given up. Should somebody redrive what is left of one, it is sent under
 * the same key: the mail service takes it if it never had the whole, and else refuses other bytes under a key it knows.
 * @throws when the database is unreachable.
 */
export async function takeOutOfBatches(tx: Transaction, emailIds: string[]): Promise<void> {
  await tx.$executeRaw`
    WITH locked AS (SELECT id FROM "Batch" WHERE ${holdsOneOf(emailIds)} ORDER BY id FOR UPDATE)
    UPDATE "Batch" SET messages = (
      SELECT coalesce(json_agg(message ORDER BY place), '[]')
      FROM json_array_elements(messages) WITH ORDINALITY AS part (message, place) WHERE NOT ${isOneOf(emailIds)}
    ) WHERE id IN (SELECT id FROM locked)`
}
