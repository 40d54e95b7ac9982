import { newAddress, postSignup } from '../../app'
import type { Stack } from '../../stack'
import { addEmails, addJobs } from './backlog'
import { drain } from './drain'
import { median, percentile, waitAtMost } from './measure'
import { startAfresh } from './provider'
import type { Sizes } from './sizes'
import { type Findings, format } from './table'

const SIGNUPS_PER_SECOND = 10
const SIGNUP_MS = 30_000
const DRAIN_MS = 1_800_000

/** People sign up while a crowd's mails are sent, without a limit, and each mail is reported back at once. */
export async function measureBusy(stack: Stack, { busy: mails }: Sizes): Promise<Findings> {
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
  const done = await drain(stack, () => [stack.startWorker(), stack.startWorker()], DRAIN_MS)
  await Promise.all(signups)
  const count = (status?: number): string => `${statuses.filter((one) => one === status).length}`
  return {
    title: `${mails} MAILS, EACH REPORTED, AND ${SIGNUPS_PER_SECOND} SIGNUPS/S`,
    columns: ['measured'],
    rows: [
      ['mails/s', format(done.sent / done.seconds)],
      ['all reported as delivered, after the last mail', format(done.reportSeconds, 's')],
      ['failed · accepted twice', `${done.lost} · ${done.twice}`],
      ['a signup: median', format(median(times), 'ms')],
      ['a signup: 95th percentile', format(percentile(times, 0.95), 'ms')],
      ['signups: created · 503 · no answer in 30 s', `${count(201)} · ${count(503)} · ${count()}`],
    ],
  }
}
