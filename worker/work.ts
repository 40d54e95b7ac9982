import type { JobResult, PgBoss } from 'pg-boss'
import { isUnavailable } from '@/lib/db/prisma'
import { log, reasonOf, withLogFields } from '@/lib/log'
import { GiveUp, type Job, type JobData, keepFailedJob, QUEUES, type QueueName } from '@/lib/queue'
import { formatSeconds } from './log-progress'
import { stopping } from './stop'

/**
 * Returns when the job is done, throws GiveUp when it never will be, and anything else to be tried again. Jobs run
 * at-least-once: who finds nothing left to do, returns.
 */
type Handler<Name extends QueueName> = (job: Job<Name>) => Promise<void>

export type Handlers = { [Name in QueueName]: Handler<Name> }

/**
 * Settings for jobs that should start at once, alone or in a crowd. Times are in seconds.
 * A full batch leads straight to the next. pg-boss sends its NOTIFY for new jobs only: retries wait for the next poll,
 * by default 30 s.
 */
const OPTIONS = {
  perJobResults: true,
  includeMetadata: true,
  burstWhenBatchFull: true,
  pollingIntervalSeconds: 0.5,
  notifyPollingIntervalSeconds: 1,
  batchSize: 1,
} as const

/** How many jobs of a queue one worker does at the same time, where that is not one. */
const CONCURRENCY: Partial<Record<QueueName, number>> = {
  'send-email': 4,
  'retry-batch': 2,
  'export-data': 4, // orders
}

/** What the handlers of these have done, they log themselves. */
const QUIET: QueueName[] = ['send-email', 'send-ticket', 'send-email-alone', 'retry-batch', 'sweep']

/** Works on the jobs of all queues, until the boss is stopped. */
export async function work(boss: PgBoss, handlers: Handlers): Promise<void> {
  for (const name of Object.keys(QUEUES) as QueueName[]) {
    if (handlers[name]) await workOn(boss, name, handlers[name])
    else log.error(`No handler for the queue "${name}": add it to worker/jobs/index.ts.`)
  }
}

async function workOn<Name extends QueueName>(
  boss: PgBoss,
  name: Name,
  handler: Handler<Name>,
): Promise<void> {
  const options = { ...OPTIONS, localConcurrency: CONCURRENCY[name] ?? 1 }
  await boss.work<JobData<Name>, unknown, typeof options>(name, options, (jobs) =>
    Promise.all(jobs.map((job) => run(name, handler, job))),
  )
}

async function run<Name extends QueueName>(
  name: Name,
  handler: Handler<Name>,
  job: Job<Name>,
): Promise<JobResult> {
  const { id, sourceName } = job
  const { data, success } = QUEUES[name].data.safeParse(job.data)
  return await withLogFields({ queue: name, jobId: id, ...(data as object) }, async () => {
    const start = performance.now()
    try {
      if (sourceName) await logDeadLetter(job)
      if (!success) throw new GiveUp('malformed_job')
      await handler(job)
      if (!QUIET.includes(name) && !sourceName)
        log.info(`${name} ${id.slice(0, 8)} → done  ${formatSeconds(performance.now() - start)}`)
      return { id, status: 'completed' }
    } catch (error) {
      return fail(job, error)
    }
  })
}

/** Logs why a job has failed: what nobody expected, with its stack. */
function fail({ name, id, retryCount, retryLimit, deadLetter }: Job<QueueName>, error: unknown): JobResult {
  const message = reasonOf(error)
  const isLast = error instanceof GiveUp || retryCount >= retryLimit
  const attempt = `${name} ${id.slice(0, 8)} → failed, attempt ${retryCount + 1}`
  if (error instanceof GiveUp) log.warn({ reason: error.reason }, attempt)
  else if (stopping.aborted || isUnavailable(error)) log.error({ reason: message }, attempt)
  else log.error({ err: error }, attempt)
  // With a dead letter, that is what tells it.
  if (isLast && !deadLetter) log.error({ reason: message }, `given up: ${name}`)
  if (error instanceof GiveUp) return { id, status: 'deadletter', output: { reason: error.reason } }
  return { id, status: 'failed', output: { message } }
}

/** What pg-boss has stored with a job: by a handler, or by itself when the worker was silent for too long. */
type Output = { reason?: string; message?: string; value?: { message?: string } } | null

/** Says that a job was given up, also when nobody lived to say it: its worker died at the last attempt. */
async function logDeadLetter({
  sourceName,
  sourceId,
  sourceRetryCount,
  sourceOutput,
}: Job<QueueName>): Promise<void> {
  const output = sourceOutput as Output
  const reason = output?.reason ?? output?.message ?? (output?.value ? 'worker_died' : undefined)
  const fields = { queue: sourceName, jobId: sourceId, reason, attempts: (sourceRetryCount ?? 0) + 1 }
  await keepFailedJob(sourceName as string, sourceId as string)
  log.error(fields, `given up: npm run redrive -- ${sourceName}`)
}
