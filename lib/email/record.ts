import type { Transaction } from '../db/prisma'
import { type EmailStatus, mayBecome, RANK } from './status'

/** Something that happened to an email. */
export type EmailFact = {
  /** May be left out when the id that Resend gave the mail tells which one it is. */
  emailId?: string
  status: EmailStatus
  /** A code, never an address. */
  reason?: string
  retryAt?: Date
  /** The id that Resend gave the mail. */
  providerId?: string
  /** The id of the webhook message that reported it. */
  providerEventId?: string
  /** The batch in which Resend may or may not have accepted it. Without one, there is no doubt. */
  batchId?: string
}

const STATUSES = Object.keys(RANK) as EmailStatus[]
const MOVES = STATUSES.flatMap((from) =>
  STATUSES.filter((to) => mayBecome(from, to)).map((to) => `${from} ${to}`),
)

/**
 * Writes down what happened to emails, in one statement: for each an event on its timeline and, when the rank allows
 * it, its new status. Facts may come twice, late and in any order: those that are known, about no email, or about an
 * attempt while Resend has long accepted the mail, are left out. The database tells the browsers (see the migrations).
 * @param db a transaction, where something else has to commit with the facts
 * @param facts at most one for each email
 * @returns the ids of the emails whose timelines have grown
 * @throws when the database is unreachable
 */
export async function recordEvents(
  db: Pick<Transaction, '$queryRaw'>,
  facts: EmailFact[],
): Promise<string[]> {
  const rows = await db.$queryRaw<{ emailId: string }[]>`
    WITH fact AS (
      SELECT coalesce("emailId", (SELECT id FROM "Email" WHERE "Email"."providerId" = given."providerId")) AS email, given.*
      FROM json_to_recordset(${JSON.stringify(facts)}::json) AS given ("emailId" uuid, status "EmailStatus", reason text,
        "retryAt" timestamptz, "providerId" text, "providerEventId" text, "batchId" uuid)
    ), locked AS (
      -- Always in the same order, so that no two wait for each other.
      SELECT id FROM "Email" WHERE id IN (SELECT email FROM fact) ORDER BY id FOR UPDATE
    ), updated AS (
      UPDATE "Email" SET
        status = CASE
          WHEN concat("Email".status, ' ', fact.status) = ANY (${MOVES})
            -- Given up in doubt, and it had been accepted after all.
            OR fact.status = 'sent' AND "Email".status = 'failed' AND "Email"."providerId" IS NULL
          THEN fact.status ELSE "Email".status END,
        attempts = attempts + (fact.status = 'sending')::int,
        -- Whoever tells of two mails by one id: it is that of the first.
        "providerId" = coalesce("Email"."providerId", (SELECT fact."providerId"
          WHERE NOT EXISTS (SELECT FROM "Email" other WHERE other."providerId" = fact."providerId"))),
        "batchId" = fact."batchId",
        deaths = 0,
        "updatedAt" = now()
      FROM fact JOIN locked ON locked.id = email
      WHERE "Email".id = email
        AND ("Email"."providerId" IS NULL OR fact.status = 'sent' OR "providerEventId" IS NOT NULL)
        AND NOT EXISTS (SELECT FROM "EmailEvent" known WHERE known."providerEventId" = fact."providerEventId")
      RETURNING fact.*, attempts
    )
    INSERT INTO "EmailEvent" ("emailId", status, attempt, reason, "retryAt", "providerEventId")
    SELECT email, status, CASE WHEN status IN ('sending', 'retrying', 'sent') AND "providerEventId" IS NULL THEN nullif(attempts, 0) END,
      reason, "retryAt", "providerEventId"
    FROM updated
    -- A mail is sent once, and a report counts once: see the unique indexes.
    ON CONFLICT DO NOTHING
    RETURNING "emailId"`
  return rows.map(({ emailId }) => emailId)
}
