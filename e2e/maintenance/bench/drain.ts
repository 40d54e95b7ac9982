import type { Process, Stack } from '../../stack'
import { readCpuMs, waitAtMost } from './measure'

export type Drain = {
  /** From the first worker's readiness to the last acceptance that was recorded. */
  seconds: number
  sent: number
  /** Given up for good. */
  lost: number
  /** Neither, when our patience ended. */
  waiting: number
  /** Mails that the mail service accepted once more. */
  twice: number
  /** Requests: refused by the mail service, and let through. */
  refused: number
  through: number
  /** Of the workers alone, a mail. */
  cpuMs: number
  /** Until the last mail was reported as delivered, after `seconds`; NaN when our patience ended before. */
  reportSeconds: number
}

const REPORTS_MS = 300_000

/**
 * Runs workers until no mail waits, and kills them then.
 * @param start returns before the workers are ready. One that gives up a mail prints a line "lost".
 * @param isReported whether the mail service sends reports, which are awaited
 */
export async function drain(
  stack: Stack,
  start: () => Promise<Process>[],
  patienceMs: number,
  isReported = true,
): Promise<Drain> {
  const before = await stack.setProvider({})
  const starting = start()
  try {
    const cpuBefore = starting.map(async (worker) => readCpuMs((await worker).pid))
    await Promise.race(starting)
    const started = Date.now()
    const workers = await Promise.all(starting)
    const countLost = (): number => workers.flatMap((worker) => worker.output().match(/^lost/gm) ?? []).length

    const hasDied = (): boolean => workers.some((worker) => !worker.isRunning())
    await waitAtMost(patienceMs, async () => hasDied() || (await countWaiting(stack)) <= countLost())
    if (hasDied()) throw new Error(`A worker died:\n${workers.map((worker) => worker.output()).join('\n')}`)
    const cpus = await Promise.all(cpuBefore)
    const cpuMs = workers.reduce((sum, { pid }, i) => sum + readCpuMs(pid) - (cpus[i] ?? Number.NaN), 0)
    const counts = await stack.setProvider({})
    const { sent, failed, last } = await readSent(stack)
    const waiting = await countWaiting(stack)
    const lost = countLost()
    // Reports that are still under way would disturb the next measurement.
    const isRecorded = async (): Promise<boolean> => (await countUnreported(stack)) === 0
    const reported = isReported && (await waitAtMost(REPORTS_MS, isRecorded))

    const refused = counts.refused - before.refused
    return {
      seconds: (last - started) / 1000,
      sent,
      lost: lost + failed,
      waiting: Math.max(0, waiting - lost),
      twice: Math.max(0, counts.accepted - before.accepted - sent),
      refused,
      through: counts.calls - before.calls - refused,
      cpuMs: cpuMs / sent,
      reportSeconds: reported ? (Date.now() - last) / 1000 : Number.NaN,
    }
  } finally {
    const workers = await Promise.allSettled(starting)
    for (const worker of workers) if (worker.status === 'fulfilled') await worker.value.kill('SIGKILL')
  }
}

async function countWaiting(stack: Stack): Promise<number> {
  return await count(stack, `status IN ('queued', 'sending', 'retrying')`)
}

async function countUnreported(stack: Stack): Promise<number> {
  return await count(stack, `status = 'sent'`)
}

async function count(stack: Stack, condition: string): Promise<number> {
  const [row] = await stack.query<{ count: number }>(
    `SELECT count(*)::int AS count FROM "Email" WHERE ${condition}`,
  )
  return row?.count ?? 0
}

async function readSent(stack: Stack): Promise<{ sent: number; failed: number; last: number }> {
  const [row] = await stack.query<{ sent: number; failed: number; last: Date | null }>(
    `SELECT count(DISTINCT "emailId") FILTER (WHERE status = 'sent')::int AS sent,
       count(DISTINCT "emailId") FILTER (WHERE status = 'failed')::int AS failed,
       max(at) FILTER (WHERE status = 'sent') AS last FROM "EmailEvent"`,
  )
  return { sent: row?.sent ?? 0, failed: row?.failed ?? 0, last: row?.last?.getTime() ?? Number.NaN }
}
