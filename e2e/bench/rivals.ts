import path from 'node:path'
import { type Process, type Stack, startProcess } from '../stack'
import { addEmails, refreshStatistics } from './backlog'
import { drainByUs, LIMIT } from './crowd'
import { type Drain, drain } from './drain'
import { installRivals } from './install'
import { startAfresh } from './provider'
import { openRedis } from './redis'
import type { Sizes } from './sizes'
import { type Findings, format } from './table'

type Rival = {
  name: string
  /** A program in rivals/, and its arguments. */
  program: [file: string, ...args: object[]]
  note: string
  /** Too slow for more. */
  mails?: number
}

const PG_BOSS: Rival[] = [
  {
    name: 'pg-boss, as it comes',
    program: ['pg-boss.mjs'],
    mails: 20,
    note: 'takes 1 job every 2 s unless told otherwise; 2 retries, without a pause.',
  },
  {
    name: 'pg-boss, batches of 10',
    program: ['pg-boss.mjs', { batchSize: 10, burstWhenBatchFull: true }],
    note: 'each job settled by itself (perJobResults) and full batches without a pause; 2 retries, without a pause.',
  },
]

const GRAPHILE: Rival = {
  name: 'graphile-worker',
  program: ['graphile-worker.mjs'],
  note: 'concurrency 10; 25 attempts, e^attempt s apart.',
}

const BULLMQ: Rival[] = [
  {
    name: 'BullMQ',
    program: ['bullmq.mjs'],
    note: 'concurrency 10; 1 attempt unless told otherwise. Redis has a process of its own, not counted here.',
  },
  {
    name: 'BullMQ, limiter and retries',
    program: [
      'bullmq.mjs',
      { limiter: { max: LIMIT, duration: 1000 } },
      { attempts: 3, backoff: { type: 'exponential', delay: 1000 } },
    ],
    note: `its own limiter at ${LIMIT} jobs/s, which is why it has no figure without the limit; 3 attempts, 1 s and 2 s apart.`,
  },
]

/** The same rows and the same mails, by what people write today. */
export async function measureRivals(stack: Stack, sizes: Sizes): Promise<Findings> {
  const installed = await installRivals()
  const redis = installed ? await openRedis() : undefined
  const rivals = [...PG_BOSS, ...(installed ? [GRAPHILE] : []), ...(redis ? BULLMQ : [])]
  const notes = rivals.map(({ name, note }) => `${name}: ${note}`)
  if (!installed) notes.push('graphile-worker and BullMQ could not be installed.')
  else if (!redis) notes.push('BullMQ: there is no REDIS_URL and no redis-server.')
  const patienceMs = (sizes.limited / LIMIT) * 3_000
  const rows: Findings['rows'] = []
  try {
    const free = await drainByUs(stack, sizes.unlimited)
    rows.push(
      toRow('this project, one worker', free, await drainByUs(stack, sizes.limited, LIMIT, patienceMs)),
    )
    for (const rival of rivals) {
      const run = (mails: number, limit: number): Promise<Drain> =>
        drainByRival(stack, rival, redis?.url, Math.min(mails, rival.mails ?? mails), limit, patienceMs)
      const limitsItself = rival.program.some((part) => typeof part === 'object' && 'limiter' in part)
      const free = limitsItself ? undefined : await run(sizes.unlimited, 0)
      rows.push(toRow(rival.name, free, await run(sizes.limited, LIMIT)))
    }
  } finally {
    await redis?.stop()
  }
  return {
    title: `RIVALS: ${sizes.unlimited} mails | ${sizes.limited}, ${LIMIT} requests/s`,
    columns: ['mails/s', 'CPU ms/mail', '| accepted', 'last after', 'refused', 'lost', 'waiting'],
    rows,
    notes: [
      ...notes,
      'They send one mail a request, and their mail is two lines in a template literal: nothing is rendered.',
      "CPU is the worker's alone; theirs talks plain SQL. No retry of theirs carries an idempotency key.",
      `With the limit, our patience ends after ${patienceMs / 1000} s: three times what a mail a request takes.`,
    ],
  }
}

function toRow(name: string, free: Drain | undefined, limited: Drain): Findings['rows'][number] {
  return [
    name,
    free ? format(free.sent / free.seconds) : '',
    free ? format(free.cpuMs) : '',
    `| ${limited.sent}`,
    format(limited.seconds, 's'),
    `${limited.refused}`,
    `${limited.lost}`,
    `${limited.waiting}`,
  ]
}

async function drainByRival(
  stack: Stack,
  { program: [file, ...args] }: Rival,
  redisUrl = '',
  mails: number,
  limit: number,
  patienceMs: number,
): Promise<Drain> {
  await startAfresh(stack, limit)
  await addEmails(stack, mails)
  await refreshStatistics(stack)
  const argv = [path.join(import.meta.dirname, 'rivals', file), ...args.map((arg) => JSON.stringify(arg))]
  const start = (): Promise<Process> => startProcess(argv, /Ready/, { ...stack.env, REDIS_URL: redisUrl })
  return await drain(stack, () => [start()], limit ? patienceMs : PATIENCE_MS)
}

const PATIENCE_MS = 300_000
