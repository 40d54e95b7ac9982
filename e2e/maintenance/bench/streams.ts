import type { EmailStatus, Snapshot } from '../../../lib/status/status'
import type { Stack, Web } from '../../stack'
import { addEmails, addJobs } from './backlog'
import { percentile, readCpuMs, waitAtMost } from './measure'
import { startAfresh } from './provider'
import type { Sizes } from './sizes'
import { type Arrival, openStream, type Stream } from './stream'
import { type Findings, format } from './table'

// A connection that becomes idle may report its last transactions ten seconds late.
const SETTLE_MS = 12_000
const PATIENCE_MS = 120_000
const OPENING = 50

/** Many people watch: what do they cost while nothing happens, and how soon does each know what did? */
export async function measureStreams(stack: Stack, sizes: Sizes): Promise<Findings> {
  const { streams: count, tickets, idle: seconds } = sizes
  await startAfresh(stack)
  const web = await stack.startWeb()
  const streams: Stream[] = []
  try {
    const emails = await addEmails(stack, tickets)
    await addJobs(stack, emails)
    const alone = await measureIdle(stack, web, seconds)
    for (let i = 0; i < count; i += OPENING) {
      const urls = Array.from({ length: Math.min(OPENING, count - i) }, (_, n) => {
        return `${web.url}/api/emails/${emails[(i + n) % tickets]}/events`
      })
      streams.push(...(await Promise.all(urls.map(openStream))))
    }
    const idle = await measureIdle(stack, web, seconds)

    const worker = await stack.startWorker({ RESEND_RATE_LIMIT: '1000' })
    await waitAtMost(PATIENCE_MS, async () => streams.every((stream) => stream.hasEnded()))
    await worker.kill('SIGKILL')

    const arrivals = streams.map((stream) => stream.read())
    const lags = arrivals.flatMap(measureLags)
    const breaks = streams.reduce((sum, stream) => sum + stream.countBreaks(), 0)
    const complete = arrivals.filter((stream) => knows(stream, 'sent') && knows(stream, 'delivered')).length
    return {
      title: `${count} STREAMS on ${tickets} tickets`,
      columns: ['median', 'p95', 'max'],
      rows: [
        [
          'recorded → a stream knows it, ms',
          ...[0.5, 0.95, 1].map((share) => format(percentile(lags, share))),
        ],
        ['streams that learned of "sent" and "delivered"', `${complete}`, '', ''],
        ['times that one broke off and came back', `${breaks}`, '', ''],
        ['idle: transactions/s', format(idle.transactions), '', ''],
        ['  without a stream', format(alone.transactions), '', ''],
        ['idle: web CPU, % of a core', format(idle.cpu), '', ''],
        ['  without a stream', format(alone.cpu), '', ''],
      ],
    }
  } finally {
    for (const stream of streams) stream.close()
    await web.kill('SIGKILL')
  }
}

/** Of the whole database, everything that the installation does by itself included. */
async function measureIdle(
  stack: Stack,
  web: Web,
  seconds: number,
): Promise<{ transactions: number; cpu: number }> {
  await sleep(SETTLE_MS)
  const [before, cpuBefore] = [await countTransactions(stack), readCpuMs(web.pid)]
  await sleep(seconds * 1000)
  const cpu = (readCpuMs(web.pid) - cpuBefore) / (seconds * 10)
  return { transactions: ((await countTransactions(stack)) - before) / seconds, cpu }
}

async function countTransactions(stack: Stack): Promise<number> {
  const [row] = await stack.query<{ count: string }>(
    'SELECT xact_commit AS count FROM pg_stat_database WHERE datname = current_database()',
  )
  return Number(row?.count)
}

/** From each line's time in the database to its arrival. What the first snapshot brought is history. */
function measureLags([first, ...others]: Arrival[]): number[] {
  let seen = first?.snapshot.timeline.length ?? 0
  return others.flatMap(({ snapshot, at }) => {
    const lines = snapshot.timeline.slice(seen)
    seen = Math.max(seen, snapshot.timeline.length)
    return lines.map((line) => at - Date.parse(line.at))
  })
}

function knows(arrivals: Arrival[], status: EmailStatus): boolean {
  const last: Snapshot | undefined = arrivals.at(-1)?.snapshot
  return last?.timeline.some((line) => line.status === status) ?? false
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
