import { setTimeout as sleep } from 'node:timers/promises'
import { databaseNow } from '../db/clock'
import { prisma } from '../db/prisma'
import { env } from '../env'
import { traced } from '../telemetry'
import { backoff, type Outcome } from './outcome'

/** The permission for one request to Resend, with the row of `Pace` at that time. `reason` null: no pause. */
export type Turn = {
  perSecond: number | null
  reason: string | null
  failures: number
  /** The reason of a pause that this call ignores. Its success does not end that pause. Its failure replaces it. */
  skipped: string | null
}

/**
 * After a pause, one request is a trial (a half-open circuit breaker). It ends after its timeout, 10 s. One second later, another
 * request may be the trial.
 */
const TRIAL_SECONDS = 11

/** Leaves a tenth of Resend's limit unused, because requests do not arrive as evenly as they leave. */
const MARGIN = 1.1

const POLL_MS = 1_000

/** The calls wait in lines, one for each pause that they skip (the key, null: none). The value is the last call of the line. */
const lastCalls = new Map<string | null, Promise<unknown>>()

/**
 * Waits for permission to call Resend. All workers share one row, because the limit is for the whole account. The calls of a
 * process wait in line, and only the first one asks the database.
 * @param skipped the reason of a pause that does not hold for this call. @throws when `signal` aborts
 */
export function takeTurn(signal: AbortSignal, skipped: string | null = null): Promise<Turn> {
  const turn = (lastCalls.get(skipped) ?? Promise.resolve()).then(() => pollForTurn(signal, skipped))
  // A call that skips a pause does not move `nextTurnAt`, so each process waits between its own calls.
  const leaveGap = async (turn: Turn): Promise<void> => {
    if (turn.skipped) await sleep(toGap(turn.perSecond) * 1000)
  }
  lastCalls.set(
    skipped,
    turn.then(leaveGap).catch(() => {}),
  )
  return traced('wait for our turn', () => turn)
}

/** The time between two requests, in s. */
const toGap = (perSecond: number | null): number => MARGIN / (perSecond ?? env('RESEND_RATE_LIMIT'))

async function pollForTurn(signal: AbortSignal, skipped: string | null): Promise<Turn> {
  for (;;) {
    signal.throwIfAborted()
    const { waitMs, ...turn } = await askForTurn(skipped)
    if (waitMs === 0) return turn
    // Throws the reason of the signal for the log. `sleep` throws an AbortError.
    await sleep(Math.min(waitMs, POLL_MS), undefined, { signal }).catch(() => signal.throwIfAborted())
  }
}

async function askForTurn(skipped: string | null): Promise<Turn & { waitMs: number }> {
  // Until Resend has stated its limit.
  const gap = toGap(null)
  const [row] = await prisma().$queryRaw<(Turn & { waitMs: number })[]>`
    WITH turn AS (
      INSERT INTO "Pace" AS pace (account, "nextTurnAt") VALUES ('resend', clock_timestamp() + make_interval(secs => ${gap}))
      ON CONFLICT (account) DO UPDATE SET "nextTurnAt" = CASE
        -- A skipped pause stays as it is.
        WHEN pace.reason = ${skipped} THEN pace."nextTurnAt"
        WHEN pace.reason IS NULL THEN clock_timestamp() + make_interval(secs => coalesce(${MARGIN} / pace."perSecond", ${gap}))
        ELSE clock_timestamp() + make_interval(secs => ${TRIAL_SECONDS}) END
      WHERE (pace."nextTurnAt" <= clock_timestamp() OR pace.reason = ${skipped}) AND pace."pausedAt" IS NULL
      RETURNING 0::float8 AS "waitMs", "perSecond", reason, failures, CASE WHEN reason = ${skipped} THEN reason END AS skipped
    )
    SELECT * FROM turn UNION ALL
    -- Postgres before 17 cannot subtract from "infinity", which an operator may have set.
    SELECT greatest(1, extract(epoch FROM least("nextTurnAt", now() + interval '1 day') - clock_timestamp()) * 1000)::float8,
      "perSecond", reason, failures, NULL
    FROM "Pace" WHERE account = 'resend' AND NOT EXISTS (SELECT FROM turn)`
  // No row: another worker has just inserted it. Asks again.
  return row ?? { waitMs: 1, perSecond: null, reason: null, failures: 0, skipped: null }
}

export type PaceState = {
  /** By an operator. */
  isPaused: boolean
  /** Why requests are held now. Null: they are not. */
  reason: string | null
  until: Date | null
  /** The pause is over, but mail still waits for the trial. */
  isTrialDue: boolean
  perSecond: number | null
}

/** Reads whether and why the account is paused. When the time of a pause is over and no mail waits, there is no pause. */
export async function readPace(): Promise<PaceState> {
  // JavaScript has no date for "infinity".
  const [row] = await prisma().$queryRaw<PaceState[]>`
    SELECT "pausedAt" IS NOT NULL AS "isPaused", reason, "perSecond",
      CASE WHEN abs(extract(year FROM "nextTurnAt")) < 10000 THEN "nextTurnAt" END AS until,
      reason IS NOT NULL AND "nextTurnAt" <= clock_timestamp() AS "isTrialDue"
    FROM "Pace" WHERE account = 'resend'`
  const none = { reason: null, until: null, isTrialDue: false }
  if (!row?.isTrialDue) return row ?? { ...none, isPaused: false, perSecond: null }
  // A statement of its own: while the table "Email" is locked, a pause can still be reported. `ORDER BY` makes Postgres use the
  // index: otherwise it may read all mails.
  const [mail] = await prisma().$queryRaw<object[]>`
    SELECT FROM unnest('{queued,sending,retrying}'::"EmailStatus"[]) AS waiting (status),
      LATERAL (SELECT FROM "Email" WHERE status = waiting.status ORDER BY "updatedAt" LIMIT 1) AS mail LIMIT 1`
  return mail ? row : { ...row, ...none }
}

/** Says in a sentence why requests are held now. Null: they are not. */
export function describePause({ reason, until, isTrialDue }: PaceState): string | null {
  if (!reason) return null
  if (isTrialDue) return `The next request to Resend is a trial: ${reason}.`
  return `No requests to Resend until ${until?.toISOString() ?? 'an operator resets "nextTurnAt"'}: ${reason}.`
}

export const PAUSED_BY_OPERATOR = 'paused_by_operator'

/** Pauses or resumes all sending. Resend's own pause stays. @returns since when. */
export async function setPaused(paused: boolean): Promise<Date | null> {
  const [row] = await prisma().$queryRaw<[{ pausedAt: Date | null }]>`
    INSERT INTO "Pace" AS pace (account, "pausedAt") VALUES ('resend', CASE WHEN ${paused} THEN now() END)
    ON CONFLICT (account) DO UPDATE SET "pausedAt" = CASE WHEN ${paused} THEN coalesce(pace."pausedAt", now()) END
    RETURNING "pausedAt"`
  return row.pausedAt
}

/** Frees an unused trial for another call. Does nothing without a pause. */
export async function giveBackTrial({ reason, skipped }: Turn): Promise<void> {
  if (skipped) return
  await prisma().$executeRaw`
    UPDATE "Pace" SET "nextTurnAt" = clock_timestamp() WHERE account = 'resend' AND reason = ${reason}
      AND "nextTurnAt" < clock_timestamp() + make_interval(secs => ${TRIAL_SECONDS})`
}

/** Starts or ends a pause, and stores a new rate. @returns the earliest time of the next call. */
export async function updatePace(turn: Turn, outcome: Outcome): Promise<Date> {
  const { perSecond = turn.perSecond } = outcome
  const { reason, seconds, failures } = toPause(turn, outcome)
  // Read before the statement, so that `retryAt` on the ticket is never later than the next turn.
  const retryAt = new Date((await databaseNow()) + seconds * 1000)
  if (turn.skipped && !reason) return retryAt
  if (reason || turn.reason || perSecond !== turn.perSecond) {
    // Replaces the pause that this turn knew. A newer pause is replaced only when it ends earlier than this one, so a late
    // success cannot shorten it. Without a pause before and now, only the rate changes.
    await prisma().$executeRaw`
      INSERT INTO "Pace" AS pace (account, "nextTurnAt", reason, failures, "perSecond")
      VALUES ('resend', clock_timestamp() + make_interval(secs => ${seconds}), ${reason}, ${failures}, ${perSecond})
      ON CONFLICT (account) DO UPDATE SET
        "nextTurnAt" = CASE WHEN coalesce(pace.reason, excluded.reason) IS NULL
          THEN pace."nextTurnAt" ELSE excluded."nextTurnAt" END,
        reason = excluded.reason, failures = excluded.failures, "perSecond" = excluded."perSecond"
      WHERE pace.reason IS NOT DISTINCT FROM ${turn.reason} OR pace."nextTurnAt" < excluded."nextTurnAt"`
  }
  return retryAt
}

function toPause(turn: Turn, outcome: Outcome): { reason: string | null; seconds: number; failures: number } {
  if (outcome.kind === 'accepted') return { reason: null, seconds: 0, failures: 0 }
  const { kind, reason, seconds = 0 } = outcome
  if (kind !== 'retry') return { reason: seconds > 0 ? reason : null, seconds, failures: 0 }
  const failures = turn.failures + 1
  return { reason, seconds: Math.max(backoff(failures) / 1000, seconds), failures }
}
