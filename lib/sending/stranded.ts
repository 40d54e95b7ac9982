import type { Transaction } from '../db/prisma'
import { Prisma } from '../generated/prisma/client'
import { isAbout, type QueueName } from '../queue'

/** A kind of row that waits for a job. A row without its job is stranded. */
export type StrandedKind = {
  /** SQL that selects the waiting rows: `id` and `since`. */
  waiting: Prisma.Sql
  /** `field` of the job's data has the row's id. Without `job`, every waiting row is stranded. */
  job?: { queues: QueueName[]; field: string }
  /** Locks a row in the order of lib/sending/lock-emails.ts. */
  lock: (tx: Transaction, id: string) => Promise<unknown>
  repair: (tx: Transaction, id: string) => Promise<unknown>
}

/** Selects stranded rows older than a minute, or this one. EXCEPT: with NOT EXISTS, Postgres compares each row with each job. */
export function selectStranded({ waiting, job }: StrandedKind, id?: string): Prisma.Sql {
  const which = id ? Prisma.sql`id = ${id}` : Prisma.sql`since < now() - interval '1 minute'`
  const rows = Prisma.sql`SELECT id::text COLLATE "C" AS id FROM (${waiting}) AS waiting WHERE ${which}`
  if (!job) return rows
  return Prisma.sql`${rows}
    EXCEPT SELECT data->>${job.field} COLLATE "C" FROM pgboss.job
    WHERE name = ANY (${job.queues}) AND state IN ('created', 'retry', 'active') ${id ? Prisma.sql`AND ${isAbout([id])}` : Prisma.empty}`
}

/** Reads whether a row waits without a job. */
export async function isStranded(
  db: Pick<Transaction, '$queryRaw'>,
  kind: StrandedKind,
  id: string,
): Promise<boolean> {
  return (await db.$queryRaw<unknown[]>`${selectStranded(kind, id)}`).length > 0
}

/** Repairs a row if it is stranded. @returns whether it was. */
export async function repairOne(tx: Transaction, kind: StrandedKind, id: string): Promise<boolean> {
  await kind.lock(tx, id)
  if (!(await isStranded(tx, kind, id))) return false
  await kind.repair(tx, id)
  return true
}
