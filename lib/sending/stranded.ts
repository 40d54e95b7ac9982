import type { Transaction } from '../db/prisma'
import { Prisma } from '../generated/prisma/client'
import type { QueueName } from '../queue'

/** A kind of row that waits for something, and has a job that does it. A row that lacks its job is stranded. */
export type Kind = {
  /** In SQL, the rows that wait: `id`, a UUID, and `since` when. */
  waiting: Prisma.Sql
  /** Where its job may be, and in which field of the job's data the id is. Without it, to wait is to be stranded. */
  job?: { queues: QueueName[]; field: string }
  /** Locks a row with what is locked before it: see the order in lib/sending/lock-emails.ts. */
  lock: (tx: Transaction, id: string) => Promise<unknown>
  mend: (tx: Transaction, id: string) => Promise<unknown>
}

/**
 * In SQL, the ids of the stranded rows of a kind that have waited for more than a minute; or that of a single row,
 * however long it has waited. EXCEPT, because it hashes or sorts whatever the planner expects: a backlog that came since
 * the last ANALYZE made NOT EXISTS compare each row with each job.
 */
export function selectStranded({ waiting, job }: Kind, id?: string): Prisma.Sql {
  const which = id ? Prisma.sql`id = ${id}::uuid` : Prisma.sql`since < now() - interval '1 minute'`
  const rows = Prisma.sql`SELECT id::text COLLATE "C" AS id FROM (${waiting}) AS waiting WHERE ${which}`
  if (!job) return rows
  return Prisma.sql`${rows}
    EXCEPT SELECT data->>${job.field} COLLATE "C" FROM pgboss.job
    WHERE name = ANY (${job.queues}) AND state IN ('created', 'retry', 'active')`
}

/** Whether a row lacks its job. @throws when the database is unreachable. */
export async function isStranded(
  db: Pick<Transaction, '$queryRaw'>,
  kind: Kind,
  id: string,
): Promise<boolean> {
  return (await db.$queryRaw<unknown[]>`${selectStranded(kind, id)}`).length > 0
}

/**
 * Gives a row what it lacks, unless another transaction already did.
 * @returns whether it lacked anything
 * @throws when the database or the queue is unavailable.
 */
export async function mendOne(tx: Transaction, kind: Kind, id: string): Promise<boolean> {
  await kind.lock(tx, id)
  if (!(await isStranded(tx, kind, id))) return false
  await kind.mend(tx, id)
  return true
}
