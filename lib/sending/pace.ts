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
 * After a pause, one request is let through as a trial (a half-open circuit breaker). It has a timeout of 10 s. If it has no
 * outcome so long after its turn, for example because the rendering was slow, another request becomes the trial.
 */
const TRIAL_SECONDS = 11

const isTrial = ({ reason, ignoredPause }: Turn): boolean => reason !== null && ignoredPause === null

/** Leaves about a tenth of Resend's limit unused, because requests do not arrive as evenly as they leave. */
const MARGIN = 1.1

const POLL_MS = 1_000

/** Without a pause, the next turn is at most one gap ahead. If it is so much further ahead, the database's clock was set back. */
const MOST_AHEAD_SECONDS = 300

/** The calls that ignore the same pause (the key, null: none) wait in one line. The value ends when the next call may ask. */
const lineEnds = new Map<string | null, Promise<unknown>>()

/**
 * Waits for permission to call Resend. All workers share one row, because the limit is for the whole account. The calls of a
 * process wait in line, and only the first one asks the database.
 * @param ignoredPause see `Turn`. @throws when `signal` is aborted and this call is the first in line
 */
export function takeTurn(signal: AbortSignal, ignoredPause: string | null = null): Promise<Turn> {
  const turn = (lineEnds.get(ignoredPause) ?? Promise.resolve()).then(() => pollForTurn(signal, ignoredPause))
  // A call that ignores a pause does not move `nextTurnAt`, so each process waits between its own calls.
  const leaveGap = async (turn: Turn): Promise<void> => {
    if (turn.ignoredPause) await sleep(toGap(turn.perSecond) * 1000)
  }
  // A call that fails lets the next one pass.
  lineEnds.set(
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

/** Frees an unused trial for another call. Leaves a newer pause, if it has another reason or ends later than a trial. */
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
    // WHERE: this replaces the pause of its turn, and another pause only if that ends earlier. (A success counts as a pause that
    // ends now.) A newer pause may have the same reason as that of a trial. It ends later than TRIAL_SECONDS from now, and the
    // trial's own pause does not. CASE: without a pause before and after, only the rate changes.
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
