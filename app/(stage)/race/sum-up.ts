import { explainReason } from '@/app/components/ticket/reasons'
import type { Tone } from '@/app/components/ticket/words'
import type { Snapshot, TimelineEntry } from '@/lib/status/status'
import type { Lanes, Runner } from './use-race'

/** A figure for the back row: "12 ms", "3.04 s", "10.1 s". */
export function formatWait(ms: number): string {
  if (ms < 999.5) return `${Math.max(1, Math.round(ms))} ms`
  return `${(ms / 1000).toFixed(ms < 9_995 ? 2 : 1)} s`
}

/** The longest wait for an answer, in ms. */
export function longestWait(runners: Runner[]): number {
  return Math.max(0, ...runners.map(({ waitedMs = 0 }) => waitedMs))
}

export function hasAnswers(runners: Runner[]): boolean {
  return runners.every(({ answer }) => answer)
}

function countLost(runners: Runner[]): number {
  return runners.filter(({ answer }) => answer?.account === false).length
}

function countLostMails(runners: Runner[]): number {
  return runners.filter(({ answer }) => answer?.account && answer.lostMail).length
}

/** Whether a runner got no account, or will never get a welcome. */
export function hasLost({ answer }: Runner): boolean {
  return answer !== undefined && (!answer.account || answer.lostMail !== undefined)
}

/** The result as a headline, and as sentences for screen readers. */
export function sumUp({ inline, background }: Lanes): { headline: string; tone: Tone; sentences: string } {
  const [slow, fast] = [longestWait(inline), longestWait(background)]
  const sentences = `${describeLane('inside the request', inline)} ${describeLane('by a background job', background)}`
  const [lost, alsoLost] = [countLost(inline), countLost(background)]
  if (alsoLost > 0) {
    const isAll = lost + alsoLost === inline.length + background.length
    return { headline: isAll ? 'Nobody got in.' : 'Not all got in.', tone: 'bad', sentences }
  }
  if (lost > 0) {
    const gone =
      inline.length === 1
        ? `${nameAll(inline)} is gone`
        : `${spell(lost)} ${lost === 1 ? 'was' : 'were'} lost`
    return { headline: `Without a queue, ${gone}.`, tone: 'bad', sentences }
  }
  const mails = countLostMails(inline)
  if (mails > 0) {
    const gone = inline.length === 1 ? `${nameAll(inline)}’s mail is lost` : `${countMails(mails)} lost`
    return { headline: `Without a queue, ${gone}.`, tone: 'bad', sentences }
  }
  const headline = `Without a queue, ${compare(slow / fast)}.`
  return { headline, tone: 'busy', sentences: `${sentences} ${headline}` }
}

function describeLane(how: string, runners: Runner[]): string {
  const [lost, mails] = [countLost(runners), countLostMails(runners)]
  const wait = formatWait(longestWait(runners))
  const who = runners.length === 1 ? 'an answer' : `${runners.length} answers`
  let end = mails === 0 ? '' : `, but ${mails} without a mail`
  if (lost > 0) end = `, but ${lost === runners.length ? 'no account' : `${lost} without an account`}`
  return `Mail sent ${how}: ${who} after ${wait}${end}.`
}

function compare(ratio: number): string {
  if (ratio < 1.5) return 'about the same wait'
  return `${ratio < 9.5 ? ratio.toFixed(1).replace('.0', '') : Math.round(ratio)} times the wait`
}

/** The text about the lane that sends inside the request. */
export function describeInline(runners: Runner[]): string {
  const [first] = runners
  const alone = runners.length === 1
  const answered = runners.filter(({ answer }) => answer).length
  if (answered < runners.length) {
    if (alone) return `${first?.name} waits. Nothing else can be done in this page.`
    return answered === 0
      ? `${capitalize(spell(runners.length))} wait.`
      : `${answered} of ${runners.length} have an answer.`
  }
  const mails = countLostMails(runners)
  if (mails > 0 && countLost(runners) === 0) {
    return alone
      ? `${explain(runners)} ${first?.name} is in. Her mail is lost, and nobody knows.`
      : `All ${spell(runners.length)} are in. ${capitalize(countMails(mails))} lost, and nobody knows.`
  }
  if (countLost(runners) === 0) {
    return alone
      ? `${first?.name} had to stand there until the mail was out.`
      : 'Each had to stand there until the mail was out.'
  }
  return `${explain(runners)} ${capitalize(nameLost(runners))} got no account and won’t come back.`
}

/** The text about the answers in the lane with a background job. `describeMails` has the rest. */
export function describeBackground(runners: Runner[]): string | undefined {
  const answered = runners.filter(({ answer }) => answer).length
  if (answered > 0 && answered < runners.length) return `${answered} of ${runners.length} have an answer.`
  if (answered === 0) return `${capitalize(nameAll(runners))} ${runners.length === 1 ? 'waits' : 'wait'}.`
  if (countLost(runners) === 0) return
  return explain(runners)
}

/** The text about the mails of the lane with a background job. */
export function describeMails(
  mails: Snapshot[],
  {
    total,
    lastMs,
    hasNoWorker,
    repaired,
    inline,
  }: { total: number; lastMs: number; hasNoWorker: boolean; repaired: boolean; inline: Runner[] },
): string {
  const one = total === 1
  const what = one ? 'The mail' : `${capitalize(spell(total))} mails`
  const is = one ? 'is' : 'are'
  const count = (...statuses: string[]): number =>
    mails.filter(({ status }) => statuses.includes(status)).length
  const delivered = count('delivered')
  if (delivered === total && inline.some(hasLost)) {
    const who = one
      ? `${nameAll(inline)} is in, and has her mail`
      : `All ${spell(total)} are in, and have their mail`
    return `${who} ${formatAfter(lastMs)} after the click.`
  }
  if (delivered === total) {
    const after = formatAfter(lastMs)
    return one
      ? `The mail was delivered ${after} after the click. The answer came first.`
      : `${what} were delivered, the last after ${after}. The answers came first.`
  }
  if (mails.length === total && mails.every(({ final }) => final))
    return `${total - delivered} of ${total} mails could not be delivered.`
  if (hasNoWorker) return `${what} ${is} in the queue. No worker is on duty.`
  const retrying = mails.find(({ status }) => status === 'retrying')
  if (retrying) {
    const why = repaired ? 'The mail service is back.' : explainReason(findRetry([retrying])?.reason ?? '')
    return `${why} ${what} ${one ? 'waits and tries' : 'wait and try'} again`
  }
  if (delivered > 0) return `${delivered} of ${total} mails are delivered.`
  return `${what} ${is} ${count('queued') > 0 ? 'in the queue' : 'going out'}, behind the scenes.`
}

/** The failed attempt with the next retry. */
export function findRetry(mails: Snapshot[]): TimelineEntry | undefined {
  const entries = mails.flatMap(({ status, timeline }) =>
    status === 'retrying' ? (timeline.at(-1) ?? []) : [],
  )
  return entries.sort((a, b) => (a.retryAt ?? '').localeCompare(b.retryAt ?? ''))[0]
}

/** Short, because on a projector the sentence around it has one line. */
function formatAfter(ms: number): string {
  return ms < 999.5 ? formatWait(ms) : `${(ms / 1000).toFixed(ms < 9_950 ? 1 : 0)} s`
}

function explain(runners: Runner[]): string {
  const reasons = runners.map(({ answer }) => (answer?.account ? answer.lostMail : answer?.reason))
  const reason = reasons.find(Boolean) ?? ''
  if (reason === 'no_account')
    return 'The database took no account: nothing was created, and no mail goes out.'
  if (reason === 'mail_without_account') return 'The mail went out, but the database took no account.'
  if (reason === 'no_answer') return 'The server did not answer.'
  if (reason === 'rate_limit_exceeded') return 'Too many at once.'
  // The sentence stays true after the repair.
  if (reason === 'service_unavailable') return 'The mail service was down.'
  return explainReason(reason)
}

function nameLost(runners: Runner[]): string {
  const lost = runners.filter(({ answer }) => answer?.account === false)
  return lost.length === 1 ? `${lost[0]?.name}` : `${spell(lost.length)} people`
}

function nameAll(runners: Runner[]): string {
  return runners.length === 1 ? `${runners[0]?.name}` : spell(runners.length)
}

const NUMBERS =
  'no one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty'.split(
    ' ',
  )

function countMails(count: number): string {
  return count === 1 ? 'one mail is' : `${spell(count)} mails are`
}

function spell(count: number): string {
  return NUMBERS[count] ?? `${count}`
}

function capitalize(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
