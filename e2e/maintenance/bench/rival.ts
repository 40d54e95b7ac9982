import path from 'node:path'
import { type Process, type Stack, startProcess } from '../../stack'
import { addEmails, refreshStatistics } from './backlog'
import { LIMIT } from './crowd'
import { type Drain, drain } from './drain'
import { startAfresh } from './provider'

export type Rival = {
  name: string
  /** A program in rivals/, and its arguments. */
  program: [file: string, ...args: object[]]
  note: string
  /** Too slow for more. */
  mails?: number
  /** Has nothing to show without the mail service's limit. */
  limitsItself?: boolean
}

export const PG_BOSS: Rival[] = [
  {
    name: 'pg-boss, as it comes',
    program: ['pg-boss.mjs'],
    mails: 20,
    note: '1 job every 2 s unless told otherwise, so only 20 mails; 2 retries, without a pause.',
  },
  {
    name: 'pg-boss, batches of 10',
    program: ['pg-boss.mjs', { batchSize: 10, burstWhenBatchFull: true }],
    note: 'each job settled by itself (perJobResults) and full batches without a pause; 2 retries, without a pause.',
  },
]

export const GRAPHILE_WORKER: Rival[] = [
  {
    name: 'graphile-worker',
    program: ['graphile-worker.mjs'],
    note: 'concurrency 10; 25 attempts, e^attempt s apart.',
  },
]

export const BULLMQ: Rival[] = [
  {
    name: 'BullMQ',
    program: ['bullmq.mjs'],
    note: 'concurrency 10; 1 attempt unless told otherwise.',
  },
  {
    name: 'BullMQ, limiter and retries',
    program: [
      'bullmq.mjs',
      { limiter: { max: LIMIT, duration: 1000 } },
      { attempts: 3, backoff: { type: 'exponential', delay: 1000 } },
    ],
    limitsItself: true,
    note: `its limiter at ${LIMIT} jobs/s; 3 attempts, 1 s and 2 s apart.`,
  },
]

type Work = { redisUrl?: string; mails: number; limit: number; patienceMs: number }

/** Lets a rival send the mails, in a process of its own. */
export async function drainByRival(
  stack: Stack,
  { program: [file, ...args] }: Rival,
  { redisUrl = '', mails, limit, patienceMs }: Work,
): Promise<Drain> {
  await startAfresh(stack, limit)
  await addEmails(stack, mails)
  await refreshStatistics(stack)
  const argv = [path.join(import.meta.dirname, 'rivals', file), ...args.map((arg) => JSON.stringify(arg))]
  const start = (): Promise<Process> => startProcess(argv, /Ready/, { ...stack.env, REDIS_URL: redisUrl })
  return await drain(stack, () => [start()], patienceMs)
}
