import { setTimeout as sleep } from 'node:timers/promises'
import { databaseNow } from '../db/clock'
import { prisma } from '../db/prisma'
import { env } from '../env'
import { log } from '../log'
import { traced } from '../telemetry'
import { backoff, type Outcome } from './outcome'

/** The permission to call Resend once, now, and why our account there is paused (null: it isn't). */
export type Turn = { perSecond: number | null; reason: string | null; failures: number }

/** While the account is paused, one request at a time finds out whether it still has to be. In s. */
const TRIAL_SECONDS = 11

/** Requests do not arrive as evenly as they leave. */
const MARGIN = 1.1

/** How often those who wait look whether somebody has ended the pause. */
const PATIENCE_MS = 1_000

let line: Promise<unknown> = Promise.resolve()

/**
 * Waits for our turn to call Resend. Its limit counts for the whole account, so all workers take their turns from one
 * row in the database. In this process, they wait in line: one asks for all.
 * @param signal gives up waiting
 * @throws when it has aborted, or the database is unreachable
 */
export function takeTurn(signal: AbortSignal): Promise<Turn> {
  const turn = line.then(async () => {
    for (;;) {
      signal.throwIfAborted()
      const { waitMs, ...turn } = await askForTurn()
      if (waitMs === 0) return turn
      await sleep(Math.min(waitMs, PATIENCE_MS), undefined, { signal })
    }
  })
  line = turn.catch(() => {})
  return traced('wait for our turn', () => turn)
}

async function askForTurn(): Promise<Turn & { waitMs: number }> {
  const gap = MARGIN / env('RESEND_RATE_LIMIT')
  const [row] = await prisma().$queryRaw<(Turn & { waitMs: number })[]>`
    WITH turn AS (
      INSERT INTO "Pace" AS pace (account, "nextTurnAt") VALUES ('resend', clock_timestamp() + make_interval(secs => ${gap}))
      ON CONFLICT (account) DO UPDATE SET "nextTurnAt" = clock_timestamp() + make_interval(secs =>
        CASE WHEN pace.reason IS NULL THEN coalesce(${MARGIN} / pace."perSecond", ${gap}) ELSE ${TRIAL_SECONDS} END)
      WHERE pace."nextTurnAt" <= clock_timestamp()
      RETURNING 0::float8 AS "waitMs", "perSecond", reason, failures
    )
    SELECT * FROM turn UNION ALL
    SELECT greatest(1, extract(epoch FROM "nextTurnAt" - clock_timestamp()) * 1000)::float8, "perSecond", reason, failures
    FROM "Pace" WHERE account = 'resend' AND NOT EXISTS (SELECT FROM turn)`
  // No row: another worker wrote the first one at the same time.
  return row ?? { waitMs: 1, perSecond: null, reason: null, failures: 0 }
}

/**
 * While the account is paused, gives back a turn that nothing was sent in: another may try whether it still has to be.
 * @throws when the database is unreachable
 */
export async function returnTrial({ reason }: Turn): Promise<void> {
  await prisma().$executeRaw`
    UPDATE "Pace" SET "nextTurnAt" = clock_timestamp() WHERE account = 'resend' AND reason = ${reason}
      AND "nextTurnAt" < clock_timestamp() + make_interval(secs => ${TRIAL_SECONDS})`
}

/**
 * Learns from the answer to a call: pauses the account for all workers, or ends the pause.
 * @returns the earliest time of the next call
 * @throws when the database is unreachable
 */
export async function keepPace(turn: Turn, outcome: Outcome): Promise<Date> {
  const { kind, perSecond = turn.perSecond } = outcome
  if (kind === 'operator') log.error(`NO MAIL GOES OUT: Resend answers ${outcome.reason}.`)
  const failures = kind === 'retry' ? turn.failures + 1 : 0
  const seconds = kind === 'retry' ? backoff(failures) / 1000 : 'seconds' in outcome ? outcome.seconds : 0
  const reason = seconds > 0 && kind !== 'accepted' ? outcome.reason : null
  // Counted from before the statement: what a ticket tells is never later than the turn that it waits for.
  const retryAt = new Date((await databaseNow()) + seconds * 1000)
  if (reason || turn.reason || perSecond !== turn.perSecond) {
    // A call that was under way when another was told to wait may only make the pause longer.
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
