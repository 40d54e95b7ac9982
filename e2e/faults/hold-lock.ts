import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import { OURS, type Stack } from '../stack'

/** Longer than all timeouts of the app together. */
export const LOCK_SECONDS = { least: 25, most: 45 }

/** The lock modes of CREATE INDEX (no writes), and of ALTER TABLE and VACUUM FULL (no reads either). */
const MODES = ['SHARE', 'ACCESS EXCLUSIVE']

/** The tables of our tests and of the migrations. */
const NOT_OF_THE_APP = ['status_change', '_prisma_migrations']

/** Statements that lock tables: those on the path of a signup, and those that only the upkeep of the queue uses. */
export type TableLocks = { path: string[]; upkeep: string[] }

/** Each table of the app in both modes, in an order that does not change. */
export async function listTableLocks(stack: Pick<Stack, 'query'>): Promise<TableLocks> {
  const tables = await stack.query<{ name: string; isOnPath: boolean }>(
    `SELECT format('%I.%I', nspname, relname) AS name, nspname = 'public' OR relname IN ('job', 'queue') AS "isOnPath"
     FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
     WHERE nspname IN ('public', 'pgboss') AND relkind IN ('r', 'p') AND NOT relispartition AND relname <> ALL ($1)
     ORDER BY name`,
    [NOT_OF_THE_APP],
  )
  const lock = (some: typeof tables): string[] =>
    some.flatMap(({ name }) => MODES.map((mode) => `LOCK TABLE ${name} IN ${mode} MODE`))
  return {
    path: lock(tables.filter(({ isOnPath }) => isOnPath)),
    upkeep: lock(tables.filter(({ isOnPath }) => !isOnPath)),
  }
}

/** Locks the row from which all workers take their turns. */
export const PACE_LOCK = `SELECT FROM "Pace" FOR UPDATE`

/**
 * Takes a lock and holds it for `ms`.
 * @returns the seconds that it was held: fewer when Postgres was stopped meanwhile, 0 when the lock was not acquired
 */
export async function holdLock(databaseUrl: string, statement: string, ms: number): Promise<number> {
  const client = new Client({ connectionString: databaseUrl, application_name: OURS })
  const cut = new Promise((resolve) => client.on('error', resolve))
  let start = Number.NaN
  try {
    await client.connect()
    await client.query('BEGIN')
    await client.query(statement)
    start = Date.now()
    await Promise.race([sleep(ms), cut])
  } catch {
    // Postgres is away.
  }
  await client.end().catch(() => {})
  return (Date.now() - start || 0) / 1000
}
