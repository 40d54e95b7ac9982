import type { Transaction } from '../db/prisma'
import { canBecome, type EmailStatus, RANK, type State } from './status'

export type EmailFact = {
  /** Optional when `providerId` identifies the mail. */
  emailId?: string
  status: EmailStatus
  /** A code, never an address. */
  reason?: string
  /** Default: now. A time in the future, or before the email was created, becomes now. */
  at?: Date
  retryAt?: Date
  providerId?: string
  providerEventId?: string
  /** The batch that the email is in. Without it, the email leaves its batch. */
  batchId?: string
}

const STATES: State[] = [
  ...(Object.keys(RANK) as EmailStatus[]).map((status) => ({ status, isReported: false })),
  { status: 'failed', isReported: true },
]
const toKey = ({ status, isReported }: State): string => `${status} ${isReported}`
/** The allowed transitions, as text for the SQL below: "queued false sending false". */
const TRANSITIONS = STATES.flatMap((from) =>
  STATES.filter((to) => canBecome(from, to)).map((to) => `${toKey(from)} ${toKey(to)}`),
)

/**
 * Records facts in one statement. Each becomes an event, and changes the status if that transition is allowed. Facts may come
 * twice, late and in any order. Skips a known report and an unknown email. After Resend has accepted the mail, skips what a worker
 * records, except `sent`.
 * @param facts at most one for each email. @returns the ids of emails with a new event.
 */
export async function recordEvents(
  db: Pick<Transaction, '$queryRaw'>,
  facts: EmailFact[],
): Promise<string[]> {
  const rows = await db.$queryRaw<{ emailId: string }[]>`
    WITH fact AS (
      SELECT coalesce("emailId", (SELECT id FROM "Email" WHERE "Email"."providerId" = given."providerId")) AS email, given.*
      FROM json_to_recordset(${JSON.stringify(facts)}::json) AS given ("emailId" uuid, status "EmailStatus", reason text, at timestamptz,
        "retryAt" timestamptz, "providerId" text, "providerEventId" text, "batchId" uuid)
    ), locked AS (
      -- Always in the same order, so that two statements cannot deadlock.
      SELECT id FROM "Email" WHERE id IN (SELECT email FROM fact) ORDER BY id FOR UPDATE
    ), updated AS (
      UPDATE "Email" SET
        status = CASE
          -- A mail that the worker gave up has no provider id. One that Resend reported as failed always has one.
          WHEN concat_ws(' ',
            "Email".status, ("Email".status = 'failed' AND "Email"."providerId" IS NOT NULL)::text,
            fact.status, (fact.status = 'failed' AND "providerEventId" IS NOT NULL)::text) = ANY (${TRANSITIONS})
          THEN fact.status ELSE "Email".status END,
        attempts = attempts + (fact.status = 'sending')::int,
        -- Another email may already have this id: then this email stays without.
        "providerId" = coalesce("Email"."providerId", (SELECT fact."providerId"
          WHERE NOT EXISTS (SELECT FROM "Email" other WHERE other."providerId" = fact."providerId")),
          -- A webhook reports a failure without Resend's mail id. This stores the id of the webhook instead: with null, the mail
          -- would look as if the worker had given it up.
          CASE fact.status WHEN 'failed' THEN "providerEventId" END),
        "batchId" = fact."batchId",
        -- Only while the mail may be rendered again.
        data = CASE WHEN fact.status IN ('queued', 'sending', 'retrying', 'failed') AND "providerEventId" IS NULL THEN data END,
        -- Rendering has not killed the worker: see prepare-batch.ts.
        deaths = 0,
        "updatedAt" = now()
      FROM fact JOIN locked ON locked.id = email
      WHERE "Email".id = email
        AND ("Email"."providerId" IS NULL OR fact.status = 'sent' OR "providerEventId" IS NOT NULL)
        AND NOT EXISTS (SELECT FROM "EmailEvent" known WHERE known."providerEventId" = fact."providerEventId")
      RETURNING fact.*, attempts, "createdAt"
    )
    INSERT INTO "EmailEvent" ("emailId", status, attempt, reason, "retryAt", "providerEventId", at)
    SELECT email, status, CASE WHEN status IN ('sending', 'retrying', 'sent') AND "providerEventId" IS NULL THEN nullif(attempts, 0) END,
      reason, "retryAt", "providerEventId",
      CASE WHEN at BETWEEN "createdAt" AND clock_timestamp() THEN at ELSE clock_timestamp() END
    FROM updated
    -- Unique indexes: one "sent" for each mail, and one event for each report.
    ON CONFLICT DO NOTHING
    RETURNING "emailId"`
  return rows.map(({ emailId }) => emailId)
}
