import { fromPrisma, type JobWithMetadata, type PgBoss } from 'pg-boss'
import type { Transaction } from '@/lib/prisma'

/** Thrown by a handler when trying again cannot help. The job goes to the queue's dead-letter queue. */
export class GiveUp extends Error {
  /** @param reason a code: it is stored with the job and shown to the user */
  constructor(readonly reason: string) {
    super(reason)
  }
}

/** Marks the job as done in the transaction that records its result, so that neither is ever without the other. */
export async function completeJob(boss: PgBoss, tx: Transaction, job: JobWithMetadata): Promise<void> {
  await boss.complete(job.name, job, null, { db: fromPrisma(tx) })
}

/**
 * Puts the job back into its queue until `date`, in the transaction that records why.
 * @throws when another worker has the job now
 */
export async function postponeJob(
  boss: PgBoss,
  tx: Transaction,
  job: JobWithMetadata,
  date: Date,
): Promise<void> {
  const db = fromPrisma(tx)
  const { affected } = (await boss.fail(job.name, job, null, { db })) as { affected: number }
  // What a worker finds out after it has lost the job is void, so nothing of it is recorded.
  if (affected === 0) throw new Error(`Job ${job.id} has gone to another worker`)
  await boss.update(job.name, undefined, { id: job.id, startAfter: date, db })
}
