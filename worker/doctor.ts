// npm run doctor: reports stuck mail and jobs, and wrong settings. Changes nothing. Exit code 1: there are problems.

import { reachDatabase } from '@/lib/db/find-database'
import { MAX_COUNTED } from '@/lib/db/max-counted'
import { prisma } from '@/lib/db/prisma'
import { LIVE_WORKERS } from '@/lib/live/workers'
import { TEMPLATES } from '@/lib/mail/templates'
import { readArguments } from '@/lib/ops/arguments'
import { readDetails } from '@/lib/ops/health'
import { explainUnserved, readQueueState, toRedriveCommand } from '@/lib/ops/queue-state'
import { describePause, readPace } from '@/lib/sending/pause'
import { DROPPED } from '@/lib/sending/redrive'
import { isUnfinished } from '@/lib/sending/stranded-emails'
import { checkSettings } from './check-settings'

let problems = 0

function say(sentence: string): void {
  console.log(`  ${sentence}`)
}

function report(sentence: string, remedy: string): void {
  problems++
  console.log(`! ${sentence}\n    ${remedy}`)
}

function formatAge(seconds: number): string {
  if (seconds < 120) return `${seconds} s`
  return seconds < 7_200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`
}

readArguments('npm run doctor', {})
await reachDatabase()
const [{ isMigrated }] = await prisma().$queryRaw<[{ isMigrated: boolean }]>`
  SELECT to_regclass('"Email"') IS NOT NULL AND to_regclass('pgboss.queue') IS NOT NULL AS "isMigrated"`
if (!isMigrated) {
  report('The database lacks our tables, or those of pg-boss.', 'npm run migrate')
  process.exit(1)
}
const health = await readDetails()
const { paused } = health
const unread = Object.entries(health).flatMap(([name, value]) =>
  value === null && !['paused', 'attention'].includes(name) ? name : [],
)
if (unread.length > 0)
  report(`These could not be read: ${unread.join(', ')}.`, 'The lines of the log above have the reason.')

console.log('Workers')
const live = await prisma().$queryRaw<{ worker: string }[]>`${LIVE_WORKERS}`
if (live.length > 0) say(live.map(({ worker }) => worker).join(', '))
else report('None is running.', 'Start one: npm run worker. If it ends at once, its last line says why.')

console.log('Mail that is not finished')
type Unfinished = { status: string; reason: string | null; mails: number; age: number }
const unfinished = await prisma().$queryRaw<Unfinished[]>`
  SELECT status::text, reason, count(*)::int AS mails, max(extract(epoch FROM now() - "createdAt"))::int AS age
  FROM (
    SELECT status, "createdAt", CASE status WHEN 'queued' THEN NULL ELSE (
      SELECT reason FROM "EmailEvent" WHERE "emailId" = "Email".id ORDER BY id DESC LIMIT 1) END AS reason
    FROM "Email" WHERE ${isUnfinished} AND isfinite("createdAt") LIMIT ${MAX_COUNTED}
  ) AS mail GROUP BY status, reason ORDER BY mails DESC`
for (const { status, reason, mails, age } of unfinished)
  say(`${mails} ${status}${reason ? ` (${reason})` : ''}, the oldest for ${formatAge(age)}`)
if (unfinished.length === 0) say('None.')
const unknown = await prisma().$queryRaw<{ kind: string; mails: number }[]>`
  SELECT kind, count(*)::int AS mails FROM (
    SELECT kind FROM "Email" WHERE ${isUnfinished} LIMIT ${MAX_COUNTED}
  ) AS mail WHERE kind <> ALL (${Object.keys(TEMPLATES)}) GROUP BY kind`
for (const { kind, mails } of unknown)
  report(
    `${mails} of the kind "${kind}", which this version does not have.`,
    'They wait for workers of a version that has it.',
  )
if ((health.oldest ?? 0) > 300 && !paused && live.length > 0 && unknown.length === 0)
  report(
    `A mail has waited for ${formatAge(health.oldest ?? 0)} for its first attempt, and mail is not paused.`,
    'More mails come in than may go out: docs/operations.md, Scaling.',
  )
if (health.stranded)
  report(
    `${health.stranded} ${health.stranded === 1 ? 'row waits' : 'rows wait'} without a job.`,
    'A worker repairs them within a minute: run this again.',
  )
if (health.attention === 'clean_up_failed')
  report(
    'A clean-up fails, so some rows are kept for too long.',
    'The log of the workers has the reason. It is retried every hour.',
  )
else if (health.attention === 'sweep_late')
  report(
    'No sweep has finished for 15 minutes, so rows without a job wait.',
    'The log of the workers has the reason. If it has none, restart the workers.',
  )
else if (health.attention && health.attention !== paused?.reason)
  report(
    `Some mail cannot be sent: ${health.attention}.`,
    `The log of the workers names the mails and the cause. After the release with the fix: npm run redrive -- --reason ${health.attention}`,
  )

console.log('Pace')
const pace = await readPace()
if (health.perSecond !== null) say(`${health.perSecond} requests a second`)
if (pace.isPausedByOperator) report('An operator has paused all mail.', 'To continue: npm run resume')
const held = describePause(pace)
if (held) report(held, 'Look for this reason in docs/operations.md.')

console.log('Batches in flight')
type InHand = { sender: string | null; batches: number; mails: number; age: number; isLive: boolean }
const inHand = await prisma().$queryRaw<InHand[]>`
  SELECT sender, count(DISTINCT "Batch".id)::int AS batches, count(*)::int AS mails,
    max(extract(epoch FROM now() - "Batch"."createdAt"))::int AS age, sender IN (${LIVE_WORKERS}) AS "isLive"
  FROM "Batch" JOIN "Email" ON "batchId" = "Batch".id WHERE ${isUnfinished}
  GROUP BY sender ORDER BY sender`
const successor = live.length > 0 ? 'another worker sends them' : 'the next worker sends them'
for (const { sender, batches, mails, age, isLive } of inHand) {
  const what = `${batches} ${batches === 1 ? 'batch' : 'batches'} with ${mails} ${mails === 1 ? 'mail' : 'mails'}`
  say(`${sender}${isLive ? '' : ` (gone: ${successor})`}: ${what}, the oldest for ${formatAge(age)}`)
}
if (inHand.length === 0) say('None.')

console.log('Given up')
type Failed = { reason: string | null; isReported: boolean; mails: number }
const failed = await prisma().$queryRaw<Failed[]>`
  SELECT reason, "isReported", count(*)::int AS mails FROM (
    SELECT "providerId" IS NOT NULL AS "isReported", (SELECT reason FROM "EmailEvent" WHERE "emailId" = "Email".id AND status = 'failed' ORDER BY id DESC LIMIT 1)
    FROM "Email" WHERE status = 'failed' LIMIT ${MAX_COUNTED}
  ) AS mail GROUP BY reason, "isReported" ORDER BY mails DESC`
for (const { reason, isReported, mails } of failed) {
  const what = `${mails} ${mails === 1 ? 'mail' : 'mails'}: ${reason ?? 'no reason known'}.`
  if (isReported)
    say(
      `${what} Resend accepted these mails and then could not send them: see its log. A redrive does not send them again.`,
    )
  else if (reason === 'outcome_unknown')
    report(
      `${what} Resend may have accepted these mails.`,
      `Look in its log. To send them all the same: npm run redrive -- --reason ${reason} --force`,
    )
  else if (reason === 'invalid_idempotent_request')
    report(
      `${what} The mails of a batch have changed between two attempts, for example by another APP_SECRET.`,
      `Look in Resend's log. With the old setting: npm run redrive -- --reason ${reason}`,
    )
  else if (reason === DROPPED) say(`${what} To send them all the same: npm run redrive -- --reason ${reason}`)
  else report(what, `When that is fixed: npm run redrive${reason ? ` -- --reason ${reason}` : ''}`)
}
const queues = await readQueueState()
for (const [name, jobs] of Object.entries(queues.failed))
  report(
    `${jobs} ${jobs === 1 ? 'job' : 'jobs'} of ${name}.`,
    `Their stacks are in the log. When that is fixed: ${toRedriveCommand(name)}`,
  )
if (failed.length + Object.keys(queues.failed).length === 0) say('Nothing.')

console.log('Queues that are not in lib/queue.ts')
for (const [what, remedy] of explainUnserved(queues.unserved)) report(what, remedy)
if (Object.keys(queues.unserved).length === 0) say('None.')

console.log('Settings')
const conflicts = await checkSettings(live.length)
for (const [what, remedy] of conflicts) report(what, remedy)
if (conflicts.length === 0) say('No conflicts.')

console.log(problems === 0 ? 'No problems.' : `${problems} ${problems === 1 ? 'problem' : 'problems'}.`)
process.exit(problems === 0 ? 0 : 1)
