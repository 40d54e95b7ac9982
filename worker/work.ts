import type { JobResult, PgBoss, Job as QueuedJob } from 'pg-boss'
import { log, withLogFields } from '@/lib/log'
import { type JobData, QUEUES, type QueueName } from '@/lib/queue'
import { formatSeconds } from './tell'

export type Job<Name extends QueueName> = QueuedJob<JobData<Name>>

/**
 * Returns when the job is done, throws GiveUp when it never will be, and anything else to be tried again. Jobs run
 * at-least-once: who finds nothing left to do, returns.
 */
type Handler<Name extends QueueName> = (job: Job<Name>) => Promise<void>

export type Handlers = { [Name in QueueName]: Handler<Name> }

/** Thrown by a handler when trying again cannot help. The job goes to the queue's dead-letter queue. */
export class GiveUp extends Error {
  /** @param reason a code: it is stored with the job */
  constructor(readonly reason: string) {
    super(reason)
  }
}

/**
 * Settings for jobs that should start at once, alone or in a crowd. Times are in seconds.
 * A full batch leads straight to the next. pg-boss sends its NOTIFY for new jobs only: retries wait for the next poll,
 * by default 30 s.
 */
const OPTIONS = {
  perJobResults: true,
  burstWhenBatchFull: true,
  pollingIntervalSeconds: 0.5,
  notifyPollingIntervalSeconds: 1,
  batchSize: 1,
} as const

/** How many jobs of a queue one worker does at the same time, where that is not one. */
const LOOPS: Partial<Record<QueueName, number>> = {
  'send-email': 4,
  'retry-batch': 2,
  'export-data': 4, // orders
}

/** The handlers of these log what they have done themselves. */
const QUIET: QueueName[] = ['send-email', 'retry-batch', 'sweep']

/** Works on the jobs of all queues, until the boss is stopped. */
export async function work(boss: PgBoss, handlers: Handlers): Promise<void> {
  for (const name of Object.keys(QUEUES) as QueueName[]) {
    if (handlers[name]) await workOn(boss, name, handlers[name])
    else log.error(`Nobody does the jobs of ${name}: there is no line for it in worker/jobs/index.ts.`)
  }
}

async function workOn<Name extends QueueName>(
  boss: PgBoss,
  name: Name,
  handler: Handler<Name>,
): Promise<void> {
  const options = { ...OPTIONS, localConcurrency: LOOPS[name] ?? 1 }
  await boss.work<JobData<Name>, unknown, typeof options>(name, options, (jobs) =>
    Promise.all(jobs.map((job) => run(name, handler, job))),
  )
}

async function run<Name extends QueueName>(
  name: Name,
  handler: Handler<Name>,
  job: Job<Name>,
): Promise<JobResult> {
  const { id } = job
  const { data, success } = QUEUES[name].data.safeParse(job.data)
  return await withLogFields({ queue: name, jobId: id, ...data }, async () => {
    const start = Date.now()
    try {
      if (!success) throw new GiveUp('malformed_job')
      await handler(job)
      if (!QUIET.includes(name))
        log.info(`${name} ${id.slice(0, 8)} → done  ${formatSeconds(Date.now() - start)}`)
      return { id, status: 'completed' }
    } catch (error) {
      const { message } = error as Error
      log.error({ reason: message }, `${name} ${id}`)
      if (error instanceof GiveUp) return { id, status: 'deadletter', output: { reason: error.reason } }
      return { id, status: 'failed', output: { message } }
    }
  })
}
