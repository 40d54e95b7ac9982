import {
  type ConstructorOptions,
  type Job as FetchedJob,
  fromPrisma,
  type JobWithMetadata,
  PgBoss,
  type Queue,
  type ScheduleOptions,
  systemClock,
} from 'pg-boss'
import { z } from 'zod'
import { connectionConfig } from './db/connection'
import { listen } from './db/listen'
import { prisma, type Transaction } from './db/prisma'
import { Prisma } from './generated/prisma/client'
import { logThrottled, reasonOf } from './log'

/** pg-boss's maximum for `expireInSeconds`. */
const MAX_EXPIRE_SECONDS = 24 * 3600 - 1
const KEEP_FAILED_SECONDS = 14 * 24 * 3600
const UNLIMITED = 1_000_000

const DEFAULTS = {
  notify: true,
  // About four hours with the backoff below.
  retryLimit: 60,
  retryDelay: 1,
  retryBackoff: true,
  retryDelayMax: 300,
  deadLetter: 'dead-letters',
  // After this time without a heartbeat, another worker retries the job. 10 is pg-boss's minimum.
  heartbeatSeconds: 10,
  expireInSeconds: 60,
  // pg-boss deletes a job that no worker has fetched by then.
  retentionSeconds: 365 * 24 * 3600,
  deleteAfterSeconds: KEEP_FAILED_SECONDS,
}

const emailJob = z.object({ emailId: z.guid() })
const batchJob = z.object({ batchId: z.guid() })
const userJob = z.object({ userId: z.guid() })
const exportJob = z.object({ exportId: z.guid() }) // orders

// Mails and batches count their own attempts, so that an outage of the database uses up none.
const MAIL = { retryLimit: UNLIMITED, expireInSeconds: MAX_EXPIRE_SECONDS, deleteAfterSeconds: 24 * 3600 }

/** `npm run migrate` creates and updates the queues. */
export const QUEUES = {
  'dead-letters': queue(z.looseObject({}).catch({}), { deadLetter: null }),
  'send-email-dead': queue(emailJob),
  'send-email': queue(emailJob, { ...MAIL, deadLetter: 'send-email-dead' }),
  // Lost tickets do not wait behind other mail. They have their own hourly limit.
  'send-ticket': queue(emailJob, { ...MAIL, deadLetter: 'send-email-dead' }),
  'send-email-alone': queue(emailJob, { ...MAIL, deadLetter: 'send-email-dead' }),
  'retry-batch': queue(batchJob, { ...MAIL, deadLetter: null }),
  // After a failure, the sweep enqueues another job: the user must be erased.
  'erase-user': queue(userJob, { deleteAfterSeconds: 3600 }),
  // These two count as given up only until a run succeeds: see `deleteFailedJobs`.
  'clean-up': queue(z.object({}), { expireInSeconds: 900, deadLetter: null }),
  sweep: queue(z.object({}), {
    retryLimit: 2,
    expireInSeconds: 900,
    deleteAfterSeconds: 3600,
    deadLetter: null,
  }),
  'export-data-dead': queue(exportJob), // orders
  'export-data': queue(exportJob, { deadLetter: 'export-data-dead', retryLimit: 5, expireInSeconds: 900 }), // orders
  'expire-export': queue(exportJob), // orders
}

/** Cron jobs, in UTC without `tz`. When no worker runs, a job is skipped, or comes later with `missed: 'once'`. */
export const SCHEDULES: Schedules = {
  'clean-up': { cron: '17 * * * *' },
  sweep: { cron: '* * * * *' },
}

/** Only a queue whose jobs need no data can have a schedule. */
type Schedules = { [Name in QueueName as object extends JobData<Name> ? Name : never]?: Schedule }
export type Schedule = { cron: string } & Pick<ScheduleOptions, 'tz' | 'missed'>

export type QueueName = keyof typeof QUEUES
export type JobData<Name extends QueueName> = z.infer<(typeof QUEUES)[Name]['data']>

export type Job<Name extends QueueName> = JobWithMetadata<JobData<Name>>

/** A handler throws this when a retry cannot help. The job becomes a dead letter. `reason` is a code. */
export class GiveUp extends Error {
  constructor(readonly reason: string) {
    super(reason)
  }
}

type Options = Omit<Queue, 'name' | 'deadLetter'> & { deadLetter?: string | null }

function queue<Data extends z.ZodType>(data: Data, options: Options = {}) {
  return { data, options: { ...DEFAULTS, ...options } }
}

type BossOptions = ConstructorOptions & { statementTimeoutMs?: number }

// A monotonic clock: when the system's was set back by hours, pg-boss would not poll for hours.
const clock = { ...systemClock, now: () => performance.timeOrigin + performance.now() }

/** Creates a pg-boss with its own connections. The caller starts and stops it. */
export function createBoss({ statementTimeoutMs, ...options }: BossOptions): PgBoss {
  const openTelemetry = { propagateContext: true }
  // Only the worker turns these on. LIVE_WORKERS counts the registered instances.
  const off = { schedule: false, registerInstance: false }
  const boss = new PgBoss({
    ...connectionConfig(statementTimeoutMs),
    clock,
    openTelemetry,
    ...off,
    ...options,
  })
  // Without this listener, Node ends the process at the first lost connection.
  boss.on('error', (error) => logThrottled('pg-boss reports an error', { reason: error.message }))
  // Every two seconds, as long as a queue is long.
  boss.on('warning', ({ message }) => {
    const [, kind = message] = /^Warning: ([^:]+)/.exec(message) ?? []
    logThrottled(`pg-boss warns: ${kind}`, { reason: message }, 'warn')
  })
  // pg-boss's own `listen` removes its `error` listener too early: PgBouncer sends an error when the connection closes.
  boss.getDb().listen = async (channel, onNotification, onConnect) =>
    listen({ name: 'queue', channels: [channel], onNotification, onConnect })
  return boss
}

type QueueOptions = BossOptions & { attempts?: number }

// Not `perProcess`, because a failed start is tried again.
const shared = globalThis as { queue?: Promise<PgBoss> }

/** Returns the pg-boss of this process. By default, it only enqueues. */
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
    throw new QueueUnavailable(reasonOf(error), { cause: error })
  }
}

/** pg-boss's schema or a queue is missing, not migrated, or has moved. `isUnavailable` knows the code. */
class QueueUnavailable extends Error {
  readonly code = 'QUEUE_UNAVAILABLE'
}

/**
 * Runs a transaction that enqueues. Connects pg-boss before it begins: where connections are few, open transactions could hold
 * those that pg-boss waits for. In the worker, pg-boss is connected before the first job.
 * @throws when pg-boss cannot start, and what `act` throws
 */
export async function transactionWithQueue<Result>(
  act: (tx: Transaction) => Promise<Result>,
): Promise<Result> {
  await openQueue()
  return await prisma().$transaction(act)
}

type NewJob<Name extends QueueName> = {
  data: JobData<Name>
  id?: string
  startAfter?: Date
  delayMs?: number
  priority?: number
}

/** Adds a job in the caller's transaction (`transactionWithQueue`). @throws when the queue does not exist */
export function enqueue<Name extends QueueName>(
  tx: Transaction,
  name: Name,
  data: JobData<Name>,
  options: Omit<NewJob<Name>, 'data'> = {},
): Promise<void> {
  return enqueueAll(tx, name, [{ data, ...options }])
}

/** Like `enqueue`, for many jobs in one statement. */
export async function enqueueAll<Name extends QueueName>(
  tx: Transaction,
  name: Name,
  jobs: NewJob<Name>[],
): Promise<void> {
  const boss = await openQueue()
  const delayed = jobs.map(({ startAfter, delayMs, ...job }) => ({
    ...job,
    // Seconds as text: pg-boss then uses the database's clock.
    startAfter: startAfter?.toISOString() ?? (delayMs && `${delayMs / 1000}`),
  }))
  const ids = await boss.insert(name, delayed, { db: fromPrisma(tx), returnId: true }).catch((error) => {
    throw new QueueUnavailable(reasonOf(error), { cause: error })
  })
  if (ids?.length !== jobs.length)
    throw new QueueUnavailable(`pg-boss inserted ${ids?.length ?? 0} of ${jobs.length} jobs into "${name}"`)
}

/** Fetches waiting jobs in the caller's transaction, by priority and age. */
export async function fetchJobs<Name extends QueueName>(
  tx: Transaction,
  name: Name,
  limit: number,
): Promise<FetchedJob<JobData<Name>>[]> {
  if (limit === 0) return []
  const boss = await openQueue()
  return await boss.fetch<JobData<Name>>(name, { batchSize: limit, db: fromPrisma(tx) })
}

/** Locks these jobs, if they exist. */
export async function lockJobs(tx: Transaction, name: QueueName, jobs: { id: string }[]): Promise<void> {
  const ids = jobs.map(({ id }) => id)
  const lock = (): Promise<unknown[]> => tx.$queryRaw<unknown[]>`
    SELECT FROM pgboss.job WHERE name = ${name} AND id = ANY (${ids}::uuid[]) ORDER BY id FOR UPDATE`
  // pg-boss retries a job by replacing its row. A statement that waited for the old row does not see the new one.
  if ((await lock()).length < ids.length) await lock()
}

/** Completes or fails jobs in the caller's transaction. @param output stored with them */
export async function finishJobs(
  tx: Transaction,
  name: QueueName,
  how: 'complete' | 'fail',
  jobs: { id: string }[],
  output: object | null = null,
): Promise<void> {
  if (jobs.length === 0) return
  const ids = jobs.map(({ id }) => id)
  const boss = await openQueue()
  await boss[how](name, ids, output, { db: fromPrisma(tx) })
}

/** Deletes jobs in the caller's transaction. */
export async function deleteJobs(tx: Transaction, name: string, jobs: { id: string }[]): Promise<void> {
  if (jobs.length === 0) return
  const ids = jobs.map(({ id }) => id)
  const boss = await openQueue()
  await boss.deleteJob(name, ids, { db: fromPrisma(tx) })
}

/** Fails a fetched job, and retries it at this time. @param reason a code. */
export async function retryJob(
  tx: Transaction,
  name: QueueName,
  id: string,
  retryAt: Date,
  reason: string,
): Promise<void> {
  await finishJobs(tx, name, 'fail', [{ id }], { reason })
  await tx.$executeRaw`
    UPDATE pgboss.job SET start_after = ${retryAt} WHERE name = ${name} AND id = ${id}::uuid AND state = 'retry'`
}

/** Keeps a job that was given up. It stays for 14 days, even if its queue deletes jobs earlier. */
export async function keepFailedJob(queue: string, id: string): Promise<void> {
  await prisma().$executeRaw`
    UPDATE pgboss.job SET deletion_seconds = ${KEEP_FAILED_SECONDS}
    WHERE name = ${queue} AND id = ${id}::uuid AND deletion_seconds < ${KEEP_FAILED_SECONDS}`
}

/** Deletes the given-up jobs of a queue. For a job whose next run also does what they left undone. */
export async function deleteFailedJobs(name: QueueName): Promise<void> {
  await prisma().$executeRaw`DELETE FROM pgboss.job WHERE name = ${name} AND state = 'failed'`
}

const CARRIED_IDS = `jsonb_path_query_array(data, '$.*')`

/** For `isAbout`. Not in a migration, because the table is pg-boss's. */
export const JOB_INDEX = `CREATE INDEX job_carries ON pgboss.job USING gin ((${CARRIED_IDS}))`

/** SQL for the jobs with one of these ids in their data. */
export const isAbout = (ids: string[]): Prisma.Sql => Prisma.sql`${Prisma.raw(CARRIED_IDS)} ?| ${ids}`

/** Locks all jobs with one of these ids in their data. */
export async function lockJobsAbout(tx: Transaction, ids: string[]): Promise<void> {
  await tx.$queryRaw`SELECT FROM pgboss.job WHERE ${isAbout(ids)} ORDER BY id FOR UPDATE`
}

/** Deletes all jobs with one of these ids in their data. Skips locked jobs: they will find nothing to do. */
export async function deleteJobsAbout(tx: Transaction, ids: string[]): Promise<void> {
  await tx.$executeRaw`
    DELETE FROM pgboss.job WHERE (name, id) IN (
      SELECT name, id FROM pgboss.job WHERE ${isAbout(ids)} FOR UPDATE SKIP LOCKED)`
}
