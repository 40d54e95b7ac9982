import { setTimeout as sleep } from 'node:timers/promises'
import { databaseNow } from '../db/clock'
import { prisma } from '../db/prisma'
import { env } from '../env'
import { Prisma } from '../generated/prisma/client'
import { traced } from '../telemetry'
import { backoff, type Outcome } from './outcome'

/** The permission for one request to Resend, with the row of `Pace` at that time. `reason` null: no pause. */
export type Turn = {
  perSecond: number | null
  reason: string | null
  failures: number
  /** The reason of a pause that this request ignores. If the request succeeds, that pause stays. If not, a new one replaces it. */
  ignoredPause: string | null
}

/**
 * After a pause, one request is let through as a trial (a half-open circuit breaker). It ends 10 s after it began, and begins
 * when its batch is rendered, which is soon after its turn. Without its outcome by then, another request may be the trial.
 */
const TRIAL_SECONDS = 11

const isTrial = ({ reason, ignoredPause }: Turn): boolean => reason !== null && ignoredPause === null

/** Leaves about a tenth of Resend's limit unused, because requests do not arrive as evenly as they leave. */
const MARGIN = 1.1

const POLL_MS = 1_000

/** Without a pause, a next turn that is later than this plus its gap means that the database's clock was set back. */
const MOST_AHEAD_SECONDS = 300

/** A line of waiting calls for each ignored pause (the key, null: none). The value ends when the last call of the line has its turn. */
const lastCalls = new Map<string | null, Promise<unknown>>()

/**
 * Waits for permission to call Resend. All workers share one row, because the limit is for the whole account. The calls of a
 * process wait in line, and only the first one asks the database.
 * @param ignoredPause see `Turn`. @throws when `signal` is aborted and this call is the first in line
 */
export function takeTurn(signal: AbortSignal, ignoredPause: string | null = null): Promise<Turn> {
  const turn = (lastCalls.get(ignoredPause) ?? Promise.resolve()).then(() =>
    pollForTurn(signal, ignoredPause),
  )
  // A call that ignores a pause does not move `nextTurnAt`, so each process waits between its own calls.
  const leaveGap = async (turn: Turn): Promise<void> => {
    if (turn.ignoredPause) await sleep(toGap(turn.perSecond) * 1000)
  }
  // A call that fails lets the next one pass.
  lastCalls.set(
    ignoredPause,
    turn.then(leaveGap).catch(() => {}),
  )
  return traced('wait for our turn', () => turn)
}

/** The time between two requests, in s. */
const toGap = (perSecond: number | null): number => MARGIN / (perSecond ?? env('RESEND_RATE_LIMIT'))

async function pollForTurn(signal: AbortSignal, ignoredPause: string | null): Promise<Turn> {
  for (;;) {
    signal.throwIfAborted()
    const { waitMs, ...turn } = await askForTurn(ignoredPause)
    if (waitMs === 0) return turn
    // `sleep` throws an AbortError. The log needs the reason of the signal.
    await sleep(Math.min(waitMs, POLL_MS), undefined, { signal }).catch(() => signal.throwIfAborted())
  }
}

async function askForTurn(ignoredPause: string | null): Promise<Turn & { waitMs: number }> {
  // Used until Resend has stated its limit.
  const startGap = toGap(null)
  const gap = Prisma.sql`coalesce(${MARGIN} / pace."perSecond", ${startGap})`
  const [row] = await prisma().$queryRaw<(Turn & { waitMs: number })[]>`
    WITH turn AS (
      INSERT INTO "Pace" AS pace (account, "nextTurnAt") VALUES ('resend', clock_timestamp() + make_interval(secs => ${startGap}))
      ON CONFLICT (account) DO UPDATE SET "nextTurnAt" = CASE
        -- An ignored pause stays as it is.
        WHEN pace.reason = ${ignoredPause} THEN pace."nextTurnAt"
        WHEN pace.reason IS NULL THEN clock_timestamp() + make_interval(secs => ${gap})
        ELSE clock_timestamp() + make_interval(secs => ${TRIAL_SECONDS}) END
      WHERE pace."pausedAt" IS NULL AND (pace."nextTurnAt" <= clock_timestamp() OR pace.reason = ${ignoredPause}
        OR pace.reason IS NULL AND isfinite(pace."nextTurnAt")
          AND pace."nextTurnAt" > clock_timestamp() + make_interval(secs => ${MOST_AHEAD_SECONDS} + ${gap}))
      RETURNING 0::float8 AS "waitMs", "perSecond", reason, failures, CASE WHEN reason = ${ignoredPause} THEN reason END AS "ignoredPause"
    )
    SELECT * FROM turn UNION ALL
    -- Postgres before 17 cannot subtract from "infinity", which an operator may have set.
    SELECT CASE WHEN "pausedAt" IS NULL
        THEN greatest(1, extract(epoch FROM least("nextTurnAt", now() + interval '1 day') - clock_timestamp()) * 1000)
        ELSE ${POLL_MS} END::float8,
      "perSecond", reason, failures, NULL
    FROM "Pace" WHERE account = 'resend' AND NOT EXISTS (SELECT FROM turn)`
  // No row: another worker has just inserted the first one, which this statement does not see.
  return row ?? { waitMs: 1, perSecond: null, reason: null, failures: 0, ignoredPause: null }
}

export type PaceState = {
  isPausedByOperator: boolean
  /** Why requests are held now. Null: they are not. */
  reason: string | null
  until: Date | null
  /** The pause is over, but mail still waits for the trial. */
  isTrialDue: boolean
  perSecond: number | null
}

/**
 * Reads whether and why requests are held. After a pause, `reason` stays in the row until a trial succeeds. If no mail waits, there
 * is no trial, so this returns no reason.
 */
export async function readPace(): Promise<PaceState> {
  // JavaScript has no date for "infinity".
  const [row] = await prisma().$queryRaw<PaceState[]>`
    SELECT "pausedAt" IS NOT NULL AS "isPausedByOperator", reason, "perSecond",
      CASE WHEN abs(extract(year FROM "nextTurnAt")) < 10000 THEN "nextTurnAt" END AS until,
      reason IS NOT NULL AND "nextTurnAt" <= clock_timestamp() AS "isTrialDue"
    FROM "Pace" WHERE account = 'resend'`
  const noPause = { reason: null, until: null, isTrialDue: false }
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

/** Frees an unused trial for another call. A newer pause of more than 11 s stays. */
export async function giveBackTrial(turn: Turn): Promise<void> {
  if (!isTrial(turn)) return
  await prisma().$executeRaw`
    UPDATE "Pace" SET "nextTurnAt" = clock_timestamp() WHERE account = 'resend' AND reason = ${turn.reason}
      AND "nextTurnAt" < clock_timestamp() + make_interval(secs => ${TRIAL_SECONDS})`
}

/** Starts or ends a pause, and stores a new rate. @returns the earliest time of the next call. */
export async function updatePace(turn: Turn, outcome: Outcome): Promise<Date> {
  const { perSecond = turn.perSecond } = outcome
  const { reason, seconds, failures } = toPause(turn, outcome)
  // Reads the clock before the statement below, so that `retryAt` on the ticket is never later than the next turn.
  const retryAt = new Date((await databaseNow()) + seconds * 1000)
  if (turn.ignoredPause && !reason) return retryAt
  if (reason || turn.reason || perSecond !== turn.perSecond) {
    // WHERE: replaces the pause of this turn. A newer pause is replaced only by one that ends later. (A success counts as a pause
    // that ends now.) A newer pause may have the same reason: after a trial, its own ends within TRIAL_SECONDS. CASE: without a
    // pause before and now, only the rate changes.
    await prisma().$executeRaw`
      INSERT INTO "Pace" AS pace (account, "nextTurnAt", reason, failures, "perSecond")
      VALUES ('resend', clock_timestamp() + make_interval(secs => ${seconds}), ${reason}, ${failures}, ${perSecond})
      ON CONFLICT (account) DO UPDATE SET
        "nextTurnAt" = CASE WHEN coalesce(pace.reason, excluded.reason) IS NULL
          THEN pace."nextTurnAt" ELSE excluded."nextTurnAt" END,
        reason = excluded.reason, failures = excluded.failures, "perSecond" = excluded."perSecond"
      WHERE pace."nextTurnAt" < excluded."nextTurnAt" OR pace.reason IS NOT DISTINCT FROM ${turn.reason}
        AND (${!isTrial(turn)} OR pace."nextTurnAt" < clock_timestamp() + make_interval(secs => ${TRIAL_SECONDS}))`
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
