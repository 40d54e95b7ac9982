import type { Stack } from '../stack'

/*
 * Checks that the oracle cannot make on the rows of emails: of the output of processes, of recorded times, and of the
 * sweep's repairs, because no fault may break what the sweep repairs.
 */

/** The output of Node and Next for an uncaught exception. */
const UNCAUGHT = /uncaught ?exception|unhandled ?rejection|unhandled 'error'/i

/** The lines of a log about uncaught exceptions. */
export function findUncaught(log: string): string[] {
  return log
    .split('\n')
    .filter((line) => UNCAUGHT.test(line))
    .map((line) => `not caught: ${line.slice(0, 300)}`)
}

/** How many rows the sweep has repaired so far. */
export async function countRepaired(stack: Pick<Stack, 'query'>): Promise<number> {
  const [row] = await stack.query<{ repaired: number }>('SELECT repaired FROM "Sweep"')
  return row?.repaired ?? 0
}

/** Returns what the sweep has repaired since, as a sentence. Only manual changes in the database may need a repair. */
export async function findRepaired(stack: Pick<Stack, 'query'>, before = 0): Promise<string[]> {
  const repaired = (await countRepaired(stack)) - before
  return repaired > 0 ? [`the sweep has repaired ${repaired} rows`] : []
}

/** Columns that say when something has happened. */
const PAST = ['createdAt', 'updatedAt', 'usedAt', 'at']

/**
 * Looks at each time in our tables that says when something has happened. None may lie before the test or in the future,
 * in any time zone of Postgres and the processes.
 * @param since ms since 1970, by the same clock as Postgres's
 */
export async function findWrongTimes(stack: Pick<Stack, 'query'>, since: number): Promise<string[]> {
  const columns = await stack.query<{ table: string; column: string }>(
    `SELECT table_name AS table, column_name AS column FROM information_schema.columns
     WHERE table_schema = 'public' AND data_type = 'timestamp with time zone' AND column_name = ANY ($1)`,
    [PAST],
  )
  const faults: string[] = []
  for (const { table, column } of columns) {
    const [row] = await stack.query<{ count: number }>(
      `SELECT count(*)::int FROM "${table}"
       WHERE NOT "${column}" BETWEEN to_timestamp($1) - interval '1 second' AND clock_timestamp() + interval '1 second'`,
      [since / 1000],
    )
    if (row?.count) faults.push(`${row.count} × "${table}"."${column}" is of another time than this test`)
  }
  return faults
}
