import type { JobResult, JobWithMetadata, PgBoss } from 'pg-boss'
import { type JobData, QUEUES, type QueueName } from '@/lib/queue'
import { GiveUp } from './settle'

export type Job<Name extends QueueName> = JobWithMetadata<JobData<Name>>

/** Returns when the job is done, throws GiveUp when it never will be, and anything else to be tried again. */
export type Handler<Name extends QueueName> = (job: Job<Name>, boss: PgBoss) => Promise<void>

/**
 * Settings for jobs that should start at once, alone or in a crowd. Times are in seconds.
 * Each loop takes up to ten jobs, and its next ones when all ten are done; a full batch leads straight to the next.
 * pg-boss sends its NOTIFY for new jobs only: retries wait for the next poll, by default 30 s.
 */
const OPTIONS = {
  includeMetadata: true,
  perJobResults: true,
  batchSize: 10,
  burstWhenBatchFull: true,
  pollingIntervalSeconds: 0.5,
  notifyPollingIntervalSeconds: 1,
} as const

/** How many loops. A mail waits for somebody else most of its time, so many can be on their way at once. */
const LOOPS: Partial<Record<QueueName, number>> = { 'send-email': 10 }

/** Works on the jobs of a queue, with the handler in the file of that name, until the boss is stopped. */
export async function work<Name extends QueueName>(boss: PgBoss, name: Name): Promise<void> {
  const { default: handler }: { default: Handler<Name> } = await import(`./jobs/${name}.ts`)
  const options = { ...OPTIONS, localConcurrency: LOOPS[name] ?? 2 }
  await boss.work<JobData<Name>, unknown, typeof options>(name, options, (jobs) =>
    Promise.all(jobs.map((job) => run(boss, name, handler, job))),
  )
}

async function run<Name extends QueueName>(
  boss: PgBoss,
  name: Name,
  handler: Handler<Name>,
  job: Job<Name>,
): Promise<JobResult> {
  const { id } = job
  try {
    if (!QUEUES[name].data.safeParse(job.data).success) throw new GiveUp('malformed_job')
    await handler(job, boss)
    return { id, status: 'completed' }
  } catch (error) {
    const { message } = error as Error
    console.error(`${name} ${id}: ${message}`)
    if (error instanceof GiveUp) return { id, status: 'deadletter', output: { reason: error.reason } }
    return { id, status: 'failed', output: { message } }
  }
}
