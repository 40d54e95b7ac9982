import { RANK, type Snapshot } from '@/lib/status/status'

export const STEPS = [
  {
    title: 'You sign up',
    text: 'The button sends a name and an address to the server, and the clock starts. A random key goes with them: should the answer get lost, the same request can be sent again without signing up twice.',
  },
  {
    title: 'Instant reply',
    text: 'The server checks what it got, writes it down and says “Account created!”. It never talks to the mail service here, so a slow mail service can’t make a slow page.',
  },
  {
    title: 'Task queued',
    text: 'This is the same moment as step 2. Before it replies, the server writes down the user, the email and the job in one transaction: all three or none. So “Account created!” means that the email will come, even after a power cut.',
  },
  {
    title: 'Worker runs',
    text: 'The worker is another program, perhaps on another machine. It hears of the job, takes it, and hands the email to the mail service. This is the slow part, and you do not wait for it.',
  },
  {
    title: 'Done',
    text: 'The result and the end of the job are written together, again in one transaction. Your browser sees it at once. A report from the mail service says later whether the mailbox took the email.',
  },
]

/** One signup of the reader, with its newest state. */
export type Run = { waitedMs: number; snapshot: Snapshot }

/** When each step was reached, in ms since the click. Undefined for steps that are still to come. */
export function timeSteps({ waitedMs, snapshot: { timeline } }: Run): (number | undefined)[] {
  const queued = timeline[0]
  const sending = timeline.find(({ status }) => status === 'sending')
  const done = timeline.find(({ status }) => RANK[status] >= RANK.sent && status !== 'failed')
  // The browser measures the wait for the reply, and the database's clock the rest. Both have the reply in common.
  const sinceClick = (entry: typeof queued) =>
    entry && queued && Date.parse(entry.at) - Date.parse(queued.at) + waitedMs
  return [0, waitedMs, sinceClick(queued), sinceClick(sending), sinceClick(done)]
}
