import type { JobResult, PgBoss } from 'pg-boss'
import { isUnavailable } from '@/lib/db/prisma'
import { log, reasonOf, withLogFields } from '@/lib/log'
import { toRedriveCommand } from '@/lib/ops/queue-state'
import { GiveUp, type Job, type JobData, keepFailedJob, QUEUES, type QueueName } from '@/lib/queue'
import { formatSeconds } from './log-progress'
import { stopping } from './stop'

/** Throws GiveUp to give up the job, and any other error to retry it. Jobs run at least once, so handlers are idempotent. */
type Handler<Name extends QueueName> = (job: Job<Name>) => Promise<void>

export type Handlers = { [Name in QueueName]: Handler<Name> }

const OPTIONS = {
  perJobResults: true,
  includeMetadata: true,
  pollingIntervalSeconds: 0.5,
  // pg-boss does not notify of retries, which wait for the next poll.
  notifyPollingIntervalSeconds: 1,
  batchSize: 1,
} as const

/** Per worker. The default is 1. For 'send-email' see jobs/send-email.ts. */
const CONCURRENCY: Partial<Record<QueueName, number>> = {
  'send-email-alone': 4,
  'retry-batch': 2,
  'export-data': 4, // orders
}

const LOGGED_BY_HANDLER: QueueName[] = [
  'send-email',
  'send-ticket',
  'send-email-alone',
  'retry-batch',
  'sweep',
]

/** Runs the handlers of all queues until `boss` stops. */
export async function work(boss: PgBoss, handlers: Handlers): Promise<void> {
  for (const name of Object.keys(QUEUES) as QueueName[]) {
    if (handlers[name]) await workOn(boss, name, handlers[name])
    else log.error(`No handler registered for queue "${name}": add it to worker/jobs/index.ts`)
  }
}

async function workOn<Name extends QueueName>(
  boss: PgBoss,
  name: Name,
  handler: Handler<Name>,
): Promise<void> {
  const options = { ...OPTIONS, localConcurrency: CONCURRENCY[name] ?? 1 }
  const loop: string = await boss.work<JobData<Name>, unknown, typeof options>(
    name,
    options,
    async (jobs) => {
      const results = await Promise.all(jobs.map((job) => run(name, handler, job)))
      // Otherwise the loop pauses after each job until the next poll, even if more jobs wait.
      boss.notifyWorker(loop)
      return results
    },
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
      if (sourceName) await keepFailedJob(sourceName, job.sourceId as string)
      if (!success) throw new GiveUp('malformed_job')
      await handler(job)
      if (sourceName) logDeadLetter(job)
      if (!LOGGED_BY_HANDLER.includes(name) && !sourceName)
        log.info(`${name} ${id.slice(0, 8)} → done  ${formatSeconds(performance.now() - start)}`)
      return { id, status: 'completed' }
    } catch (error) {
      return fail(job, error)
    }
  })
}

function fail(job: Job<QueueName>, error: unknown): JobResult {
  const { name, id, retryCount, retryLimit, deadLetter } = job
  const message = reasonOf(error)
  const isLast = error instanceof GiveUp || retryCount >= retryLimit
  const attempt = `${name} ${id.slice(0, 8)} → failed, attempt ${retryCount + 1}`
  if (error instanceof GiveUp) log.warn({ reason: error.reason }, attempt)
  else if (stopping.aborted || isUnavailable(error)) log.error({ reason: message }, attempt)
  else log.error({ err: error }, attempt)
  if (isLast && job.sourceName) logDeadLetter(job)
  // `logDeadLetter` logs jobs with a dead-letter queue.
  if (isLast && !deadLetter) log.error({ reason: message }, `given up: ${name}`)
  if (error instanceof GiveUp) return { id, status: 'deadletter', output: { reason: error.reason } }
  return { id, status: 'failed', output: { message } }
}

/** The output that `fail` stores with a job. pg-boss stores `value` after missed heartbeats. */
type Output = { reason?: string; message?: string; value?: { message?: string } } | null

// Logs a job that was given up. The dead-letter queue runs it, so it also covers a worker that died in the last attempt.
// Called when the dead letter is done, so that its retries do not log it again.
function logDeadLetter({ sourceName, sourceId, sourceRetryCount, sourceOutput }: Job<QueueName>): void {
  const output = sourceOutput as Output
  const reason = output?.reason ?? output?.message ?? (output?.value ? 'worker_died' : undefined)
  const fields = { queue: sourceName, jobId: sourceId, reason, attempts: (sourceRetryCount ?? 0) + 1 }
  log.error(fields, `given up: ${toRedriveCommand(sourceName ?? '')}`)
}
