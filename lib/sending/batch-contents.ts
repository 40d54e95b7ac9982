import type { Transaction } from '../db/prisma'
import { Prisma } from '../generated/prisma/client'

function holdsOneOf(emailIds: string[]): Prisma.Sql {
  return Prisma.sql`EXISTS (SELECT FROM json_array_elements(messages) AS message WHERE ${isOneOf(emailIds)})`
}

function isOneOf(emailIds: string[]): Prisma.Sql {
  return Prisma.sql`message->'tags'->0->>'value' = ANY (${emailIds})`
}

/** SQL for a row of "Batch" that is to be sent. */
export const isToBeSent = Prisma.sql`EXISTS (
  SELECT FROM "Email" WHERE "batchId" = "Batch".id AND status IN ('queued', 'sending', 'retrying'))`

/** True when a batch in doubt, which must be sent again, contains one of these mails. */
export async function areInFlight(tx: Transaction, emailIds: string[]): Promise<boolean> {
  const batches = await tx.$queryRaw<unknown[]>`
    SELECT FROM "Batch" WHERE "attemptsInDoubt" > 0 AND ${isToBeSent} AND ${holdsOneOf(emailIds)} LIMIT 1`
  return batches.length > 0
}

/**
 * Removes mails from all batches. Call it only when `areInFlight` is false, because a batch in doubt must not
 * change. A redrive sends the rest under the same key. If Resend has accepted the whole batch, it rejects the rest.
 */
export async function removeFromBatches(tx: Transaction, emailIds: string[]): Promise<void> {
  await tx.$executeRaw`
    WITH locked AS (SELECT id FROM "Batch" WHERE ${holdsOneOf(emailIds)} ORDER BY id FOR UPDATE)
    UPDATE "Batch" SET messages = (
      SELECT coalesce(json_agg(message ORDER BY place), '[]')
      FROM json_array_elements(messages) WITH ORDINALITY AS part (message, place) WHERE NOT ${isOneOf(emailIds)}
    ) WHERE id IN (SELECT id FROM locked)`
}
