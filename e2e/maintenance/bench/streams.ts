import type { EmailStatus, Snapshot } from '../../../lib/status/status'
import { newAddress, postSignup } from '../../app'
import type { Stack, Web } from '../../stack'
import { addEmails, addJobs } from './backlog'
import { percentile, readCpuMs, readMemoryKb, time, waitAtMost } from './measure'
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
  const rush = Math.min(1_000, count / 2)
  await startAfresh(stack)
  let web = await stack.startWeb()
  const streams: Stream[] = []
  try {
    const emails = await addEmails(stack, tickets)
    await addJobs(stack, emails)
    const urls = Array.from(
      { length: count },
      (_, n) => `${web.url}/api/emails/${emails[n % tickets]}/events`,
    )
    const open = async (some: string[]): Promise<void> => {
      streams.push(...(await Promise.all(some.map(openStream))))
    }
    const alone = await measureIdle(stack, web, seconds)
    const memory = readMemoryKb(web.pid)
    for (let i = rush; i < count; i += OPENING) await open(urls.slice(i, i + OPENING))
    const rushMs = await time(() => open(urls.slice(0, rush)))
    const idle = await measureIdle(stack, web, seconds)
    const each = (readMemoryKb(web.pid) - memory) / count

    await web.kill('SIGKILL')
    web = await stack.startWeb({ port: web.port })
    const areBack = async (): Promise<boolean> => streams.every((stream) => stream.isConnected())
    const restarted = Date.now()
    const backSeconds = (await waitAtMost(PATIENCE_MS, areBack))
      ? (Date.now() - restarted) / 1000
      : Number.NaN

    const signups: number[] = []
    let unavailable = 0
    const worker = await stack.startWorker({ RESEND_RATE_LIMIT: '1000' })
    await waitAtMost(PATIENCE_MS, async () => {
      const started = performance.now()
      const { status } = await postSignup({ name: 'Ada', email: newAddress() }, {}, web.url)
      if (status === 201) signups.push(performance.now() - started)
      else if (status === 503) unavailable++
      else throw new Error(`A signup was answered with ${status}.`)
      return streams.every((stream) => stream.hasEnded())
    })
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
        ['a signup meanwhile, ms', ...[0.5, 0.95, 1].map((share) => format(percentile(signups, share)))],
        ['  answered with 503', `${unavailable}`, '', ''],
        ['streams that learned of "sent" and "delivered"', `${complete}`, '', ''],
        [`${rush} at the same moment: open after, s`, format(rushMs / 1000), '', ''],
        ['after a restart: all are back after, s', format(backSeconds), '', ''],
        ['times that one broke off and came back', `${breaks}`, '', ''],
        ['resident memory a stream, kB', format(each), '', ''],
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
