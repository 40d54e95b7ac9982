import { prisma } from '../db/prisma'

export type PaceState = {
  isPausedByOperator: boolean
  /** Why requests are held now. Null: they are not. */
  reason: string | null
  until: Date | null
  /** The pause is over, but mail still waits for the trial. */
  isTrialDue: boolean
  /** Requests in a row that got no clear answer. After a rejection, 0. */
  failures: number
  perSecond: number | null
}

/**
 * Reads whether and why requests are held. After a pause, `reason` stays in the row until a trial succeeds. If no mail waits, there
 * is no trial, so this returns no reason.
 */
export async function readPace(): Promise<PaceState> {
  // JavaScript has no date for "infinity".
  const [row] = await prisma().$queryRaw<PaceState[]>`
    SELECT "pausedAt" IS NOT NULL AS "isPausedByOperator", reason, failures, "perSecond",
      CASE WHEN abs(extract(year FROM "nextTurnAt")) < 10000 THEN "nextTurnAt" END AS until,
      reason IS NOT NULL AND "nextTurnAt" <= clock_timestamp() AS "isTrialDue"
    FROM "Pace" WHERE account = 'resend'`
  const noPause = { reason: null, until: null, isTrialDue: false, failures: 0 }
  if (!row?.isTrialDue) return row ?? { ...noPause, isPausedByOperator: false, perSecond: null }
  // A statement of its own: while the table "Email" is locked, a pause can still be reported. `ORDER BY` makes Postgres use the
  // index: otherwise it may read all mails.
  const [mail] = await prisma().$queryRaw<object[]>`
    SELECT FROM unnest('{queued,sending,retrying}'::"EmailStatus"[]) AS waiting (status),
      LATERAL (SELECT FROM "Email" WHERE status = waiting.status ORDER BY "updatedAt" LIMIT 1) AS mail LIMIT 1`
  return mail ? row : { ...row, ...noPause }
}

/** Says in a sentence why requests are held now. Null: they are not. */
export function describePause({ reason, until, isTrialDue }: PaceState): string | null {
  if (!reason) return null
  if (isTrialDue) return `The next request to Resend is a trial: ${reason}.`
  return `No requests to Resend until ${until?.toISOString() ?? 'an operator resets "nextTurnAt"'}: ${reason}.`
}

export const PAUSED_BY_OPERATOR = 'paused_by_operator'

/** Pauses or resumes all sending. A pause because of Resend's answers stays. @returns since when an operator has paused it. */
export async function setPaused(paused: boolean): Promise<Date | null> {
  const [row] = await prisma().$queryRaw<[{ pausedAt: Date | null }]>`
    INSERT INTO "Pace" AS pace (account, "pausedAt") VALUES ('resend', CASE WHEN ${paused} THEN now() END)
    ON CONFLICT (account) DO UPDATE SET "pausedAt" = CASE WHEN ${paused} THEN coalesce(pace."pausedAt", now()) END
    RETURNING "pausedAt"`
  return row.pausedAt
}
