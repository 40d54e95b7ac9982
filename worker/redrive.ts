// See docs/operations.md, "What was given up".
import { z } from 'zod'
import { reachDatabase } from '@/lib/db/find-database'
import { fail, readArguments } from '@/lib/ops/arguments'
import { isServed, readQueueState, redriveQueue, toRedriveCommand } from '@/lib/ops/queue-state'
import { QUEUES, type QueueName } from '@/lib/queue'
import {
  DROPPED,
  listFailedReasons,
  type Redriven,
  redriveEmails,
  redriveFailed,
} from '@/lib/sending/redrive'

/** The queues of mails. A failed mail is found by its status. */
const MAIL_QUEUES: QueueName[] = ['send-email', 'send-ticket', 'send-email-alone', 'retry-batch']

const { values, positionals } = readArguments(
  `npm run redrive [-- EMAIL_ID | -- QUEUE | -- --reason CODE] [--force]
A queue of mails (${MAIL_QUEUES.join(', ')}) stands for all failed mails.
Mails that an operator has dropped need their id, or --reason ${DROPPED}.`,
  { force: { type: 'boolean', default: false }, reason: { type: 'string' } },
  () => true,
)
const isId = (name: string): boolean => z.guid().safeParse(name).success
const malformed = positionals.find((name) => !isId(name) && !isServed(name))
if (malformed) {
  const hint = `If it is a queue of an older version: ${toRedriveCommand(malformed)}`
  fail(`Neither the id of an email nor a queue in lib/queue.ts: ${malformed}\n${hint}`)
}
if (values.reason === '') fail('--reason is empty: name a reason, or leave it out for all.')
if (values.reason && positionals.length > 0) fail('--reason selects mails: leave out ids and queues.')

await reachDatabase()
const isAll = positionals.length === 0
// A reason is that of a mail.
const all = values.reason ? [] : (Object.keys(QUEUES) as QueueName[])
const queues = isAll ? all : positionals.filter(isServed)
const takesMails = isAll || queues.some((name) => MAIL_QUEUES.includes(name))

const counts = { emails: 0, queued: 0, accepted: 0, inDoubt: 0 }
function report(chunk: Redriven[]): void {
  console.log(chunk.map(({ id, result }) => `${id}: ${result}`).join('\n'))
  counts.emails += chunk.length
  counts.queued += chunk.filter(({ result }) => result === 'queued').length
  counts.accepted += chunk.filter(({ result }) => result === 'accepted by Resend').length
  counts.inDoubt += chunk.filter(({ result }) => result === 'might be sent twice').length
}

const ids = [...new Set(positionals.filter(isId).map((id) => id.toLowerCase()))]
if (ids.length > 0) report(await redriveEmails(ids, values))
if (takesMails) for await (const chunk of redriveFailed(values.reason, values)) report(chunk)
if (values.reason && counts.emails === 0) {
  const reasons = await listFailedReasons()
  const others = reasons.length > 0 ? `. The reasons are: ${reasons.join(', ')}` : ', or any other.'
  fail(`No failed mail has the reason "${values.reason}"${others}`)
}
let jobs = 0
for (const name of queues) {
  const count = await redriveQueue(name)
  if (count > 0) console.log(`${name}: ${count} ${count === 1 ? 'job' : 'jobs'} queued`)
  jobs += count
}
for (const [name, count] of isAll && !values.reason ? Object.entries((await readQueueState()).failed) : [])
  if (!isServed(name)) console.log(`${name}: ${count} left. To run them: ${toRedriveCommand(name)}`)
console.log(`${counts.queued + jobs} of ${counts.emails + jobs} put back into the queue.`)
if (counts.inDoubt > 0)
  console.log(
    `Left alone: ${counts.inDoubt} that might be sent twice. Look in Resend's log first. To send them all the same: --force`,
  )
// An operator who names a mail wants to know that it was not sent. Of all failed mails, those of Resend stay for ever.
const isDone = counts.queued + (takesMails ? counts.accepted : 0) === counts.emails
process.exit(isDone ? 0 : 1)
