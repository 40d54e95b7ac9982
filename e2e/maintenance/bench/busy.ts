import { randomUUID } from 'node:crypto'
import { newAddress, postSignup } from '../../app'
import { startRelay } from '../../faults/relay'
import type { Env, Process, Stack } from '../../stack'
import { addEmails, addJobs } from './backlog'
import { type Drain, drain } from './drain'
import { median, percentile, waitAtMost } from './measure'
import { startAfresh } from './provider'
import type { Sizes } from './sizes'
import { type Findings, format } from './table'

const SIGNUPS_PER_SECOND = 10
const SIGNUP_MS = 30_000
const DRAIN_MS = 1_800_000

/**
 * People sign up while a crowd's mails are sent, without a limit: once by a mail service that reports nothing, and once by one
 * that reports each mail at once.
 */
export async function measureBusy(stack: Stack, { busy: mails }: Sizes): Promise<Findings> {
  await using silent = await startRelay(stack, (batch) => {
    return { status: 200, body: JSON.stringify({ data: batch.map(() => ({ id: randomUUID() })) }) }
  })
  const quiet = await measureDrain(stack, mails, silent.env)
  const busy = await measureDrain(stack, mails)
  const both = (toCell: (run: Run) => string): [string, string] => [toCell(quiet), toCell(busy)]
  return {
    title: `${mails} MAILS AND ${SIGNUPS_PER_SECOND} SIGNUPS/S`,
    columns: ['without reports', 'each reported'],
    rows: [
      ['mails/s', ...both(({ done }) => format(done.sent / done.seconds))],
      [
        'all reported as delivered, after the last mail',
        ...both(({ done }) => format(done.reportSeconds, 's')),
      ],
      ['failed · accepted twice', ...both(({ done }) => `${done.lost} · ${done.twice}`)],
      ['a signup: median', ...both(({ times }) => format(median(times), 'ms'))],
      ['a signup: 95th percentile', ...both(({ times }) => format(percentile(times, 0.95), 'ms'))],
      [
        'signups: created · 503 · no answer in 30 s',
        ...both(({ count }) => `${count(201)} · ${count(503)} · ${count()}`),
      ],
    ],
  }
}

type Run = {
  done: Drain
  /** Milliseconds of the signups that were answered with 201. */
  times: number[]
  /** Signups with this status, or without an answer. */
  count(status?: number): number
}

/** @param silent settings of workers whose mail service does not report */
async function measureDrain(stack: Stack, mails: number, silent?: Env): Promise<Run> {
  await startAfresh(stack)
  const times: number[] = []
  const statuses: (number | undefined)[] = []
  const signUp = async (): Promise<void> => {
    const start = performance.now()
    const answer = postSignup({ name: 'Ada', email: newAddress() }, {}, stack.appUrl)
    const patience = new Promise<undefined>((resolve) => setTimeout(resolve, SIGNUP_MS))
    const response = await Promise.race([answer.catch(() => undefined), patience])
    statuses.push(response?.status)
    if (response?.status === 201) times.push(performance.now() - start)
  }
  await signUp()
  const ids = await addEmails(stack, mails)
  await addJobs(stack, ids)
  const signups: Promise<void>[] = []
  const clock = setInterval(() => signups.push(signUp()), 1_000 / SIGNUPS_PER_SECOND)
  const isSent = async (): Promise<boolean> => {
    const waiting = `SELECT FROM "Email" WHERE status IN ('queued', 'sending', 'retrying') AND id = ANY ($1) LIMIT 1`
    return (await stack.query(waiting, [ids])).length === 0
  }
  void waitAtMost(DRAIN_MS, isSent).finally(() => clearInterval(clock))
  const start = (): Promise<Process>[] => [stack.startWorker(silent), stack.startWorker(silent)]
  const done = await drain(stack, start, DRAIN_MS, !silent)
  await Promise.all(signups)
  return { done, times, count: (status) => statuses.filter((one) => one === status).length }
}
