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
  /** Has nothing to show without the mail service's limit. */
  limitsItself?: boolean
}

const PG_BOSS: Rival[] = [
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

const GRAPHILE: Rival = {
  name: 'graphile-worker',
  program: ['graphile-worker.mjs'],
  note: 'concurrency 10; 25 attempts, e^attempt s apart.',
}

const BULLMQ: Rival[] = [
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

type Result = { name: string; mails: number; free?: Drain; limited: Drain }

/** The same rows and the same mails, by what people write today. */
export async function measureRivals(stack: Stack, sizes: Sizes): Promise<Findings[]> {
  const patienceMs = (sizes.limited / LIMIT) * 3_000
  const installed = await installRivals()
  const redis = installed ? await openRedis() : undefined
  const rivals = [...PG_BOSS, ...(installed ? [GRAPHILE] : []), ...(redis ? BULLMQ : [])]
  const results: Result[] = []
  try {
    results.push({
      name: 'this project',
      mails: sizes.limited,
      free: await drainByUs(stack, sizes.unlimited),
      limited: await drainByUs(stack, sizes.limited, LIMIT, patienceMs),
    })
    for (const rival of rivals) {
      const most = rival.mails ?? Number.POSITIVE_INFINITY
      const run = (mails: number, limit: number): Promise<Drain> =>
        drainByRival(stack, rival, redis?.url, Math.min(mails, most), limit, patienceMs)
      results.push({
        name: rival.name,
        mails: Math.min(sizes.limited, most),
        free: rival.limitsItself ? undefined : await run(sizes.unlimited, 0),
        limited: await run(sizes.limited, LIMIT),
      })
    }
  } finally {
    await redis?.stop()
  }
  const missing = installed ? 'There is no REDIS_URL and no redis-server' : 'They could not be installed'
  return [
    {
      title: `RIVALS: ${sizes.unlimited} mails, no limit, one worker each`,
      columns: ['mails/s', 'against ours', 'CPU a mail', 'against ours'],
      rows: results.flatMap(({ name, free }) => (free ? [toFreeRow(name, free, results[0]?.free)] : [])),
      notes: [
        'They send one mail a request, and theirs is two lines in a template literal: nothing is rendered.',
        `CPU is the worker's alone, without Postgres and Redis. They talk plain SQL.`,
      ],
    },
    {
      title: `RIVALS: ${sizes.limited} mails, ${LIMIT} requests/s`,
      columns: ['accepted', 'the last after', 'refused', 'lost', 'still waiting', 'sent twice'],
      rows: results.map(toLimitedRow),
      notes: [
        ...rivals.map(({ name, note }) => `${name}: ${note}`),
        ...(redis ? [] : [`${missing}: no ${installed ? 'BullMQ' : 'graphile-worker, no BullMQ'}.`]),
        `Our patience ends after ${patienceMs / 1000} s: three times what a mail a request takes.`,
      ],
    },
  ]
}

function toFreeRow(name: string, free: Drain, ours = free): Findings['rows'][number] {
  const speed = (drain: Drain): number => drain.sent / drain.seconds
  return [
    name,
    format(speed(free)),
    `× ${(speed(free) / speed(ours)).toFixed(2)}`,
    format(free.cpuMs, 'ms'),
    `× ${format(free.cpuMs / ours.cpuMs)}`,
  ]
}

function toLimitedRow({ name, mails, limited }: Result): Findings['rows'][number] {
  const { sent, seconds, refused, lost, waiting, twice } = limited
  return [
    name,
    `${sent} of ${mails}`,
    format(seconds, 's'),
    `${refused}`,
    `${lost}`,
    `${waiting}`,
    `${twice}`,
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
