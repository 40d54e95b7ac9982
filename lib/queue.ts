import { type ConstructorOptions, fromPrisma, PgBoss, type Queue } from 'pg-boss'
import { z } from 'zod'
import { env } from './env'
import type { Transaction } from './prisma'

const emailJob = z.object({ emailId: z.guid() })

/** What the jobs of each queue carry: ids, never names, addresses or rendered mail. */
export const JOBS = {
  'send-email': emailJob,
  'send-email-dead': emailJob,
}

export type QueueName = keyof typeof JOBS
export type JobData<Name extends QueueName> = z.infer<(typeof JOBS)[Name]>

/**
 * The queues and their options: `npm run migrate` creates or updates them. A dead-letter queue stands before the
 * queue that names it. Times are in seconds.
 */
export const QUEUES: Record<QueueName, Omit<Queue, 'name'>> = {
  'send-email-dead': { notify: true, retryLimit: 20, retryDelay: 5, retryBackoff: true, retryDelayMax: 300 },
  'send-email': {
    notify: true,
    deadLetter: 'send-email-dead',
    // The worker decides when a failed attempt is repeated (lib/email/outcome.ts). These two are for the attempt
    // that had no chance to decide, because its process died. The worker itself gives up one attempt earlier: what
    // pg-boss runs at the limit cannot be put off any more, not even because Resend asks us to slow down.
    retryLimit: 60,
    retryDelay: 1,
    // A worker that is silent for this long is dead, and its jobs go to another (10 is pg-boss's minimum).
    heartbeatSeconds: 10,
    expireInSeconds: 60,
  },
}

/** A pg-boss of this process's own connections. The caller starts and stops it. */
export function createBoss(options: ConstructorOptions): PgBoss {
  const boss = new PgBoss({ connectionString: env('DATABASE_URL'), schedule: false, ...options })
  // Without a listener for `error`, Node ends the process at the first lost connection.
  boss.on('error', (error) => console.error('pg-boss:', error.message))
  boss.on('warning', (warning) => console.warn('pg-boss:', warning.message))
  return boss
}

const shared = globalThis as { sender?: Promise<PgBoss> }

/**
 * The pg-boss of a web server, which only sends: schema and queues come from `npm run migrate`, upkeep from the worker.
 * @throws when the database is unreachable. The next call tries again.
 */
export function openSender(): Promise<PgBoss> {
  shared.sender ??= createBoss({ max: 2, supervise: false, migrate: false, createSchema: false })
    .start()
    .catch((error) => {
      shared.sender = undefined
      throw error
    })
  return shared.sender
}

/**
 * Adds a job in the caller's transaction: it exists when, and only when, that transaction commits.
 * @throws when the queue does not exist or the database is unreachable.
 */
export async function enqueue<Name extends QueueName>(
  tx: Transaction,
  name: Name,
  data: JobData<Name>,
): Promise<void> {
  const boss = await openSender()
  const id = await boss.send(name, data, { db: fromPrisma(tx) })
  if (!id) throw new Error(`The queue ${name} did not take the job`)
}
