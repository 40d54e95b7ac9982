import { type ConstructorOptions, fromPrisma, type Job, PgBoss, type Queue } from 'pg-boss'
import { z } from 'zod'
import { connectionConfig } from './db/connection'
import { listen } from './db/listen'
import type { Transaction } from './db/prisma'
import { Prisma } from './generated/prisma/client'
import { log, logSeldom } from './log'

/** A little less: pg-boss's limit. */
const DAY = 24 * 3600 - 1

/** What all queues have in common. Times are in seconds. */
const COMMON = {
  notify: true,
  // How often an attempt is repeated, and when, is for the handler to decide. These are for the attempt that had no
  // chance to decide, because its process died or the database was away.
  retryLimit: 1_000_000,
  retryDelay: 1,
  retryBackoff: true,
  retryDelayMax: 300,
  // A worker that is silent for this long is dead, and its jobs go to another (10 is pg-boss's minimum).
  heartbeatSeconds: 10,
  expireInSeconds: 60,
  // pg-boss deletes what nobody has taken for 14 days, unless told otherwise.
  retentionSeconds: 365 * 24 * 3600,
  // What is finished is of use to whoever looks into it, for a day.
  deleteAfterSeconds: 24 * 3600,
}

const emailJob = z.object({ emailId: z.guid() })
const batchJob = z.object({ batchId: z.guid() })
const userJob = z.object({ userId: z.guid() })
const exportJob = z.object({ exportId: z.guid() }) // orders

/**
 * The queues: what their jobs carry (ids, never names, addresses or rendered mail), and what sets them apart. Who does
 * them stands in worker/jobs/index.ts. `npm run migrate` creates or updates the queues; a dead-letter queue stands
 * before the one that names it.
 */
export const QUEUES = {
  'send-email-dead': queue(emailJob),
  // These may have to wait for their turn at the mail service: up to a day, when a quota is used up.
  'send-email': queue(emailJob, { deadLetter: 'send-email-dead', expireInSeconds: DAY }),
  'retry-batch': queue(batchJob, { expireInSeconds: DAY }),
  'erase-user': queue(userJob),
  'clean-up': queue(z.object({})),
  sweep: queue(z.object({}), { deleteAfterSeconds: 3600 }),
  'export-data-dead': queue(exportJob), // orders
  'export-data': queue(exportJob, { deadLetter: 'export-data-dead', retryLimit: 5, expireInSeconds: 900 }), // orders
  'expire-export': queue(exportJob), // orders
}

/** What pg-boss's cron queues by itself, in UTC. */
export const SCHEDULES: Partial<Record<QueueName, string>> = {
  'clean-up': '17 * * * *',
  sweep: '* * * * *',
}

export type QueueName = keyof typeof QUEUES
export type JobData<Name extends QueueName> = z.infer<(typeof QUEUES)[Name]['data']>

function queue<Data extends z.ZodType>(data: Data, options: Omit<Queue, 'name'> = {}) {
  return { data, options: { ...COMMON, ...options } }
}

type BossOptions = ConstructorOptions & {
  /** How long a statement may take, in ms; 0: as long as it takes. */
  patienceMs?: number
}

/** Creates a pg-boss with connections of its own. The caller starts and stops it. */
export function createBoss({ patienceMs, ...options }: BossOptions): PgBoss {
  // The trace of a request goes on in the jobs that it enqueues.
  const openTelemetry = { propagateContext: true }
  const boss = new PgBoss({ ...connectionConfig(patienceMs), openTelemetry, schedule: false, ...options })
  // Without a listener for `error`, Node ends the process at the first lost connection.
  boss.on('error', (error) => logSeldom('The queue is in trouble', { reason: error.message }))
  boss.on('warning', ({ message }) => log.warn({ reason: message }, 'The queue warns'))
  // pg-boss would no longer listen for `error` on a connection that it gives up, and PgBouncer has a last word on it.
  boss.getDb().listen = async (channel, onNotification, onConnect) =>
    listen({ name: 'queue', channels: [channel], onNotification, onConnect })
  return boss
}

/** `attempts`: how often to try to connect before it is given up. */
type QueueOptions = BossOptions & { attempts?: number }

const shared = globalThis as { queue?: Promise<PgBoss> }

/**
 * The pg-boss of this process. Schema and queues come from `npm run migrate`, upkeep from the workers.
 * @param options of whoever is first, the worker: a web server only sends
 * @throws when the database is unreachable. The next call tries again.
 */
export function openQueue(options: QueueOptions = { max: 2, supervise: false }): Promise<PgBoss> {
  shared.queue ??= startQueue(options).catch((error) => {
    shared.queue = undefined
    throw error
  })
  return shared.queue
}

async function startQueue({ attempts = 1, ...options }: QueueOptions): Promise<PgBoss> {
  const boss = createBoss({ ...options, migrate: false, createSchema: false })
  try {
    return await boss.start({ attempts })
  } catch (error) {
    await boss.stop().catch(() => {})
    throw error
  }
}

type NewJob<Name extends QueueName> = {
  data: JobData<Name>
  id?: string
  /** When it may start, by the database's clock. */
  startAfter?: Date
  /** How long it waits from now, in ms. */
  delayMs?: number
  /** Jobs with a higher one are taken first. */
  priority?: number
}

/**
 * Adds a job in the caller's transaction: it exists when, and only when, that transaction commits.
 * @throws when the queue does not exist or the database is unreachable.
 */
export function enqueue<Name extends QueueName>(
  tx: Transaction,
  name: Name,
  data: JobData<Name>,
  options: Omit<NewJob<Name>, 'data'> = {},
): Promise<void> {
  return enqueueAll(tx, name, [{ data, ...options }])
}

/** Adds many jobs in one statement, like `enqueue`. */
export async function enqueueAll<Name extends QueueName>(
  tx: Transaction,
  name: Name,
  jobs: NewJob<Name>[],
): Promise<void> {
  const boss = await openQueue()
  const delayed = jobs.map(({ startAfter, delayMs, ...job }) => ({
    ...job,
    // pg-boss takes a number of seconds, as text, for a delay by the database's clock.
    startAfter: startAfter?.toISOString() ?? (delayMs && `${delayMs / 1000}`),
  }))
  const ids = await boss.insert(name, delayed, { db: fromPrisma(tx), returnId: true })
  if (ids?.length !== jobs.length) throw new Error(`The queue ${name} did not take all jobs`)
}

/** Takes jobs that wait, the urgent and the oldest first. If the transaction doesn't commit, it has taken none. */
export async function takeJobs<Name extends QueueName>(
  tx: Transaction,
  name: Name,
  limit: number,
): Promise<Job<JobData<Name>>[]> {
  if (limit === 0) return []
  const boss = await openQueue()
  return await boss.fetch<JobData<Name>>(name, { batchSize: limit, db: fromPrisma(tx) })
}

/** Locks a job, if there is one with this id. @throws when the database is unreachable. */
export async function lockJob(tx: Transaction, name: QueueName, id: string): Promise<void> {
  await tx.$queryRaw`SELECT FROM pgboss.job WHERE name = ${name} AND id = ${id}::uuid FOR UPDATE`
}

/** Completes, fails or deletes fetched jobs in the caller's transaction. */
export async function settleJobs(
  tx: Transaction,
  name: QueueName,
  how: 'complete' | 'fail' | 'deleteJob',
  jobs: { id: string }[],
): Promise<void> {
  if (jobs.length === 0) return
  const ids = jobs.map(({ id }) => id)
  const boss = await openQueue()
  const db = fromPrisma(tx)
  if (how === 'deleteJob') await boss.deleteJob(name, ids, { db })
  else await boss[how](name, ids, null, { db })
}

/** In SQL: the job carries one of these ids, whatever its queue and its state. */
const isAbout = (ids: string[]): Prisma.Sql => Prisma.sql`jsonb_path_query_array(data, '$.*') ?| ${ids}`

/** Locks all jobs that carry one of these ids. @throws when the database is unreachable. */
export async function lockJobsAbout(tx: Transaction, ids: string[]): Promise<void> {
  await tx.$queryRaw`SELECT FROM pgboss.job WHERE ${isAbout(ids)} ORDER BY id FOR UPDATE`
}

/**
 * Deletes all jobs that carry one of these ids: what waits, what is done, what has failed, and dead letters. A job that
 * another transaction has locked is left alone: its handler finds nothing to do.
 * @throws when the database is unreachable.
 */
export async function deleteJobsAbout(tx: Transaction, ids: string[]): Promise<void> {
  await tx.$executeRaw`
    DELETE FROM pgboss.job WHERE id IN (SELECT id FROM pgboss.job WHERE ${isAbout(ids)} FOR UPDATE SKIP LOCKED)`
}
