import {
  type ConstructorOptions,
  fromPrisma,
  type JobWithMetadata,
  PgBoss,
  type Queue,
  systemClock,
  type Job as TakenJob,
} from 'pg-boss'
import { z } from 'zod'
import { connectionConfig } from './db/connection'
import { listen } from './db/listen'
import { prisma, type Transaction } from './db/prisma'
import { Prisma } from './generated/prisma/client'
import { log, logSeldom } from './log'

/** A little less: pg-boss's limit. */
const DAY = 24 * 3600 - 1

/** How long a job is kept that was given up, in s, whatever its queue says: see keepFailedJob. */
const KEEP_FAILED = 14 * 24 * 3600

/** For a queue whose jobs are given up by a rule of their own. */
const FOR_EVER = 1_000_000

/** What all queues have in common, unless their line says otherwise. Times are in seconds. */
const COMMON = {
  notify: true,
  // 1 s, 2 s, 4 s … up to 5 minutes between two attempts: about four hours in all. Then the job is given up: its dead
  // letter is logged, the job is counted as failed, and `npm run redrive -- QUEUE` tries it again.
  retryLimit: 60,
  retryDelay: 1,
  retryBackoff: true,
  retryDelayMax: 300,
  deadLetter: 'dead-letters',
  // A worker that is silent for this long is dead, and its jobs go to another (10 is pg-boss's minimum).
  heartbeatSeconds: 10,
  expireInSeconds: 60,
  // pg-boss deletes what nobody has taken for 14 days, unless told otherwise.
  retentionSeconds: 365 * 24 * 3600,
  // How long a job is kept that was completed or has failed.
  deleteAfterSeconds: KEEP_FAILED,
}

const emailJob = z.object({ emailId: z.guid() })
const batchJob = z.object({ batchId: z.guid() })
const userJob = z.object({ userId: z.guid() })
const exportJob = z.object({ exportId: z.guid() }) // orders

/** What jobs that wait for their turn at the mail service have in common: it may be a day away. They are many. */
const MAIL = { retryLimit: FOR_EVER, expireInSeconds: DAY, deleteAfterSeconds: DAY }

/**
 * The queues: what their jobs carry (ids, never names, addresses or rendered mail), and what sets them apart. Their
 * handlers are in worker/jobs/index.ts. `npm run migrate` creates or updates the queues.
 */
export const QUEUES = {
  // Takes the jobs of all queues that were given up, unless a queue names another one.
  'dead-letters': queue(z.looseObject({}).catch({}), { deadLetter: null }),
  'send-email-dead': queue(emailJob),
  // For ever: a mail counts its own attempts, and no outage of the database may use them up.
  'send-email': queue(emailJob, { ...MAIL, deadLetter: 'send-email-dead' }),
  'send-email-alone': queue(emailJob, { ...MAIL, deadLetter: 'send-email-dead' }),
  // For ever: a batch counts its own attempts, and may be given up under its key alone.
  'retry-batch': queue(batchJob, { ...MAIL, deadLetter: null }),
  // Given up like any other, and seen; the sweep then gives the user another job, for they are to be forgotten.
  'erase-user': queue(userJob),
  'clean-up': queue(z.object({})),
  // The next one comes a minute later.
  sweep: queue(z.object({}), { retryLimit: 2, deleteAfterSeconds: 3600 }),
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

/** What the handler of a queue gets. */
export type Job<Name extends QueueName> = JobWithMetadata<JobData<Name>>

/** Thrown by a handler when trying again cannot help. The job goes to the queue's dead-letter queue. */
export class GiveUp extends Error {
  /** @param reason a code: it is stored with the job */
  constructor(readonly reason: string) {
    super(reason)
  }
}

/** `deadLetter: null`: none. */
type Options = Omit<Queue, 'name' | 'deadLetter'> & { deadLetter?: string | null }

function queue<Data extends z.ZodType>(data: Data, options: Options = {}) {
  return { data, options: { ...COMMON, ...options } }
}

type BossOptions = ConstructorOptions & {
  /** How long a statement may take, in ms; 0: as long as it takes. */
  patienceMs?: number
}

/**
 * pg-boss measures with its clock how long to wait for the next poll. If the computer's clock were set back meanwhile, by
 * hours, it would wait for hours. This one is never set.
 */
const clock = { ...systemClock, now: () => performance.timeOrigin + performance.now() }

/** Creates a pg-boss with connections of its own. The caller starts and stops it. */
export function createBoss({ patienceMs, ...options }: BossOptions): PgBoss {
  // The trace of a request goes on in the jobs that it enqueues.
  const openTelemetry = { propagateContext: true }
  // pg-boss's registry of processes is how workers are counted: nothing else is in it.
  const off = { schedule: false, registerInstance: false }
  const boss = new PgBoss({ ...connectionConfig(patienceMs), clock, openTelemetry, ...off, ...options })
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
): Promise<TakenJob<JobData<Name>>[]> {
  if (limit === 0) return []
  const boss = await openQueue()
  return await boss.fetch<JobData<Name>>(name, { batchSize: limit, db: fromPrisma(tx) })
}

/** Locks the jobs with these ids, if there are any. @throws when the database is unreachable. */
export async function lockJob(tx: Transaction, name: QueueName, ...ids: string[]): Promise<void> {
  const lock = (): Promise<unknown[]> => tx.$queryRaw<unknown[]>`
    SELECT FROM pgboss.job WHERE name = ${name} AND id = ANY (${ids}::uuid[]) ORDER BY id FOR UPDATE`
  // pg-boss fails a job by deleting its row and inserting another. A statement that waited for the first sees neither.
  if ((await lock()).length < ids.length) await lock()
}

/** Completes, fails or deletes fetched jobs in the caller's transaction. `output` is stored with them. */
export async function settleJobs(
  tx: Transaction,
  name: QueueName,
  how: 'complete' | 'fail' | 'deleteJob',
  jobs: { id: string }[],
  output: object | null = null,
): Promise<void> {
  if (jobs.length === 0) return
  const ids = jobs.map(({ id }) => id)
  const boss = await openQueue()
  const db = fromPrisma(tx)
  if (how === 'deleteJob') await boss.deleteJob(name, ids, { db })
  else await boss[how](name, ids, output, { db })
}

/** Has a fetched job tried again at this time. @param reason a code: it is stored with the job */
export async function retryJob(
  tx: Transaction,
  name: QueueName,
  id: string,
  retryAt: Date,
  reason: string,
): Promise<void> {
  await settleJobs(tx, name, 'fail', [{ id }], { reason })
  await tx.$executeRaw`
    UPDATE pgboss.job SET start_after = ${retryAt} WHERE name = ${name} AND id = ${id}::uuid AND state = 'retry'`
}

/** Keeps a job that was given up, though its queue deletes what is done sooner. @throws when the database is unreachable */
export async function keepFailedJob(queue: string, id: string): Promise<void> {
  await prisma().$executeRaw`
    UPDATE pgboss.job SET deletion_seconds = ${KEEP_FAILED}
    WHERE name = ${queue} AND id = ${id}::uuid AND deletion_seconds < ${KEEP_FAILED}`
}

/** In SQL: what a job carries. */
const CARRIED = `jsonb_path_query_array(data, '$.*')`

/** The index by which jobs are found that carry an id. `npm run migrate` creates it, because the table is pg-boss's. */
export const JOB_INDEX = `CREATE INDEX IF NOT EXISTS job_carries ON pgboss.job USING gin ((${CARRIED}))`

/** In SQL: the job carries one of these ids, whatever its queue and its state. */
const isAbout = (ids: string[]): Prisma.Sql => Prisma.sql`${Prisma.raw(CARRIED)} ?| ${ids}`

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
    DELETE FROM pgboss.job WHERE (name, id) IN (
      SELECT name, id FROM pgboss.job WHERE ${isAbout(ids)} FOR UPDATE SKIP LOCKED)`
}
