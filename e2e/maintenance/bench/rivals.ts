import type { Stack } from '../../stack'
import { drainByUs, LIMIT } from './crowd'
import type { Drain } from './drain'
import { installRivals } from './install'
import { openRedis } from './redis'
import { BULLMQ, drainByRival, GRAPHILE_WORKER, PG_BOSS } from './rival'
import type { Sizes } from './sizes'
import { type Findings, format } from './table'

const FREE_PATIENCE_MS = 300_000

type Result = { name: string; mails: number; free?: Drain; limited: Drain }

/** The same rows and the same mails, by what people write today. */
export async function measureRivals(stack: Stack, sizes: Sizes): Promise<Findings[]> {
  const patienceMs = (sizes.limited / LIMIT) * 3_000
  const installed = await installRivals()
  const redis = installed ? await openRedis() : undefined
  const rivals = [...PG_BOSS, ...(installed ? GRAPHILE_WORKER : []), ...(redis ? BULLMQ : [])]
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
      const run = (mails: number, limit: number, patienceMs: number): Promise<Drain> =>
        drainByRival(stack, rival, { redisUrl: redis?.url, mails: Math.min(mails, most), limit, patienceMs })
      try {
        results.push({
          name: rival.name,
          mails: Math.min(sizes.limited, most),
          free: rival.limitsItself ? undefined : await run(sizes.unlimited, 0, FREE_PATIENCE_MS),
          limited: await run(sizes.limited, LIMIT, patienceMs),
        })
      } catch (error) {
        console.error(`${rival.name}: left out.`, error)
      }
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
