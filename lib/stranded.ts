import type { Transaction } from './db/prisma'
import { Prisma } from './generated/prisma/client'
import type { QueueName } from './queue'

/** A kind of row that may lack its job. A row is stranded when it has lacked it for a minute. */
export type Kind = {
  /** In SQL, the ids of the stranded rows. */
  stranded: Prisma.Sql
  lock: (tx: Transaction, id: string) => Promise<unknown>
  mend: (tx: Transaction, id: string) => Promise<unknown>
}

/** In SQL: no job of these queues, waiting or in hand, carries this id. */
export function lacksJob(queues: QueueName[], field: string, id: Prisma.Sql): Prisma.Sql {
  return Prisma.sql`NOT EXISTS (
    SELECT FROM pgboss.job WHERE name = ANY (${queues}) AND state < 'completed' AND data->>${field} = ${id}::text)`
}

/** In SQL: for more than a minute. */
export const isOld = (since: Prisma.Sql): Prisma.Sql => Prisma.sql`${since} < now() - interval '1 minute'`
