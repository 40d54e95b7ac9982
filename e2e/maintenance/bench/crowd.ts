import type { Stack } from '../../stack'
import { addEmails, addJobs } from './backlog'
import { type Drain, drain } from './drain'
import { startAfresh } from './provider'
import type { Sizes } from './sizes'
import { type Findings, format } from './table'

/** Resend's limit for a team, in requests a second, and the most mails that a request holds. */
export const LIMIT = 10
const BATCH = 100

const PATIENCE_MS = 1_800_000

/** Many mails wait, and the mail service lets through ten requests a second: how near do two workers come to that? */
export async function measureCrowd(stack: Stack, { mails }: Sizes): Promise<Findings> {
  await startAfresh(stack, LIMIT)
  await addJobs(stack, await addEmails(stack, mails))
  // No RESEND_RATE_LIMIT: they must find out.
  const done = await drain(stack, () => [stack.startWorker(), stack.startWorker()], PATIENCE_MS)
  const limit = mails / BATCH / LIMIT
  return {
    title: `A CROWD: ${mails} mails, ${LIMIT} requests/s, two workers`,
    columns: ['measured'],
    rows: [
      ['all accepted after', format(done.seconds, 's')],
      [`the limit's own time`, format(limit, 's')],
      [`against the limit's own time`, `× ${(done.seconds / limit).toFixed(2)}`],
      ['requests let through', `${done.through}`],
      ['refused, against those let through', `${format((100 * done.refused) / done.through)} %`],
      ['failed · accepted twice', `${done.lost} · ${done.twice}`],
      ['worker CPU a mail', format(done.cpuMs, 'ms')],
      ['all reported as delivered, after that', format(done.reportSeconds, 's')],
    ],
  }
}

/** How fast is one worker when the mail service sets no limit? */
export async function measureSender(stack: Stack, { alone }: Sizes): Promise<Findings> {
  const done = await drainByUs(stack, alone)
  return {
    title: `A WORKER: ${alone} mails, no limit`,
    columns: ['measured'],
    rows: [
      ['mails/s', format(done.sent / done.seconds)],
      ['worker CPU a mail', format(done.cpuMs, 'ms')],
    ],
    notes: ['The mail service, its delivery reports and the web server that stores them use the same cores.'],
  }
}

/** One worker of this project sends many mails. @param limit requests a second, 0 for any number */
export async function drainByUs(
  stack: Stack,
  mails: number,
  limit = 0,
  patienceMs = PATIENCE_MS,
): Promise<Drain> {
  await startAfresh(stack, limit)
  await addJobs(stack, await addEmails(stack, mails))
  // Its own first guess at the limit must not be what holds it up.
  const env = limit ? undefined : { RESEND_RATE_LIMIT: '1000' }
  return await drain(stack, () => [stack.startWorker(env)], patienceMs)
}
