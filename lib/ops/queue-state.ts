import { MAX_COUNTED } from '../db/max-counted'
import { prisma, type Transaction } from '../db/prisma'
import { Prisma } from '../generated/prisma/client'
import { memoizeFor } from '../live/memoize-for'
import { log } from '../log'
import { deleteJobs, enqueueAll, QUEUES, type QueueName, transactionWithQueue } from '../queue'

/** Jobs by queue, at most 10,000 each. Queues without any are left out. */
export type JobCounts = Record<string, number>

type QueueState = {
  failed: JobCounts
  /** No worker fetches these: their queues are not in lib/queue.ts. */
  unserved: JobCounts
}

const CHUNK = 500

const UNFINISHED_JOBS = Prisma.sql`state IN ('created', 'retry', 'active')`

export function isServed(name: string): name is QueueName {
  return Object.hasOwn(QUEUES, name)
}

/** Counts given-up and unserved jobs. The answer may be 1 s old. */
export const readQueueState = memoizeFor(1_000, async (): Promise<QueueState> => {
  const count = (which: Prisma.Sql): Prisma.Sql => Prisma.sql`(SELECT count(*)::int FROM (
    SELECT FROM pgboss.job WHERE job.name = queue.name AND ${which} LIMIT ${MAX_COUNTED}) AS found)`
  const rows = await prisma().$queryRaw<{ name: string; failed: number; unserved: number }[]>`
    SELECT name, ${count(Prisma.sql`state = 'failed'`)} AS failed,
      CASE WHEN name = ANY (${Object.keys(QUEUES)}) THEN 0 ELSE ${count(UNFINISHED_JOBS)} END AS unserved
    FROM pgboss.queue WHERE NOT starts_with(name, '__pgboss__') ORDER BY name`
  const pick = (what: 'failed' | 'unserved'): JobCounts =>
    Object.fromEntries(rows.filter((row) => row[what] > 0).map((row) => [row.name, row[what]]))
  return { failed: pick('failed'), unserved: pick('unserved') }
})

export function sumJobs(counts: JobCounts): number {
  return Math.min(
    MAX_COUNTED,
    Object.values(counts).reduce((sum, jobs) => sum + jobs, 0),
  )
}

/** The command that runs the given-up jobs of a queue again. */
export function toRedriveCommand(name: string): string {
  return isServed(name) ? `npm run redrive -- ${name}` : `npm run queues -- move ${name} NEW-QUEUE`
}

export function explainUnserved(unserved: JobCounts): [what: string, remedy: string][] {
  return Object.entries(unserved).map(([name, jobs]) => [
    `${jobs} ${jobs === 1 ? 'job waits' : 'jobs wait'} in the queue "${name}", which is not in lib/queue.ts: no worker takes them.`,
    `To move them: npm run queues -- move ${name} NEW-QUEUE. To delete them: npm run queues -- delete ${name}`,
  ])
}

/** Warns about jobs in queues that are not in lib/queue.ts. */
export async function logUnserved(): Promise<void> {
  const { unserved } = await readQueueState()
  for (const sentences of explainUnserved(unserved)) log.warn(sentences.join(' '))
}

/** Redrives the jobs of a queue, in chunks. @returns how many */
export async function redriveQueue(name: QueueName): Promise<number> {
  return (await moveJobs(name, name, Prisma.sql`state = 'failed'`)).moved
}

/** Moves the waiting and given-up jobs whose data fits, in chunks. @returns how many, and how many do not fit. */
export function moveQueue(from: string, to: QueueName): Promise<Moves> {
  return moveJobs(from, to, Prisma.sql`state IN ('created', 'retry', 'failed')`)
}

type Moves = { moved: number; unfit: number }

/** Whether jobs of this queue have data like this. A job without data must not lose any. */
function fits(name: QueueName, data: unknown): boolean {
  const parsed = QUEUES[name].data.safeParse(data)
  return parsed.success && Object.keys(parsed.data).length === Object.keys(data ?? {}).length
}

/** Whether the jobs of this queue are dead letters of others. */
export function isForDeadLetters(name: QueueName): boolean {
  return Object.values(QUEUES).some(({ options }) => options.deadLetter === name)
}

async function moveJobs(from: string, to: QueueName, which: Prisma.Sql): Promise<Moves> {
  const total: Moves = { moved: 0, unfit: 0 }
  let last = '00000000-0000-0000-0000-000000000000'
  for (;;) {
    const jobs = await transactionWithQueue((tx) =>
      moveChunk(tx, from, to, Prisma.sql`${which} AND id > ${last}::uuid`),
    )
    for (const { isMoved } of jobs) total[isMoved ? 'moved' : 'unfit']++
    if (jobs.length < CHUNK) return total
    last = jobs.at(-1)?.id as string
  }
}

type Moved = { id: string; data: unknown; priority: number; startAfter: Date; isMoved: boolean }

async function moveChunk(tx: Transaction, from: string, to: QueueName, which: Prisma.Sql): Promise<Moved[]> {
  const jobs = await tx.$queryRaw<Moved[]>`
    SELECT id, data, priority, start_after AS "startAfter" FROM pgboss.job
    WHERE name = ${from} AND ${which} ORDER BY id LIMIT ${CHUNK} FOR UPDATE`
  for (const job of jobs) job.isMoved = from === to || fits(to, job.data)
  const moved = jobs.filter(({ isMoved }) => isMoved)
  await deleteJobs(tx, from, moved)
  // With its delay, for a reminder of tomorrow.
  const fresh = moved.map(({ id, data, priority, startAfter }) => ({
    id,
    data: data as never,
    priority,
    startAfter,
  }))
  if (fresh.length > 0) await enqueueAll(tx, to, fresh)
  return jobs
}
