import { setTimeout as sleep } from 'node:timers/promises'
import { databaseNow } from '../db/clock'
import { prisma, type Transaction } from '../db/prisma'
import { log } from '../log'
import { type Message, writeMessage } from '../mail/message'
import { TEMPLATES } from '../mail/templates'
import type { Template } from '../mail/templates/letter'
import {
  enqueueAll,
  fetchJobs,
  finishJobs,
  GiveUp,
  type Job,
  type JobData,
  lockJobs,
  retryJob,
} from '../queue'
import { recordEvents } from '../status/record'
import { type Batch, writeBatch } from './batch'
import { lockEmails, type WaitingEmail } from './lock-emails'
import { backoff } from './outcome'
import { dropSuppressed } from './suppression'

// A poison pill: rendering it kills the process. A transaction increments `deaths` of all mails before they are rendered.
// Writing the batch sets it to 0, so it stays higher only when the process dies. After three deaths, each mail is rendered
// alone. After three more, the worker gives it up.
export const MAX_DEATHS = 3

/** With the backoff between them, about a quarter of an hour. */
const MAX_RENDERINGS = 10
const RENDERING_MS = 5_000

type MailQueue = 'send-email' | 'send-ticket' | 'send-email-alone'
type MailJob = { id: string; data: JobData<MailQueue> }
type Fetched = { job: MailJob; email: WaitingEmail }
type Rendered = { message: Message } | { hasAttachments: true } | { error: unknown }

/** One batch at a time, so that a death of the process counts only for the mails of that batch. */
let previous: Promise<unknown> = Promise.resolve()

/**
 * Fetches a job's mail with others of its queue, up to `maxSize`, renders them and writes the batch. Returns undefined when none
 * can be sent now. @throws {GiveUp} when the email does not exist
 */
export function prepareBatch(queue: MailQueue, job: Job<MailQueue>, maxSize = 1): Promise<Batch | undefined> {
  const batch = previous.then(async () => {
    // Loads React before the timer of the templates starts.
    await import('../mail/templates/letter')
    const fetched = await prisma().$transaction((tx) => fetchMails(tx, queue, job, maxSize))
    if (fetched.length === 0) return
    const mails = await Promise.all(
      fetched.map(async (mail) => ({ ...mail, ...(await render(mail.email, queue)) })),
    )
    try {
      return await prisma().$transaction((tx) => persist(tx, queue, mails))
    } catch (error) {
      await uncountDeaths(fetched)
      throw error
    }
  })
  previous = batch.catch(() => {})
  return batch
}

async function fetchMails(
  tx: Transaction,
  queue: MailQueue,
  job: Job<MailQueue>,
  maxSize: number,
): Promise<Fetched[]> {
  await lockJobs(tx, queue, [job])
  const more = maxSize > 1 ? await fetchJobs(tx, queue, maxSize - 1) : []
  // If this worker has missed heartbeats, pg-boss has put `job` back into the queue, and `fetchJobs` may return it again.
  const jobs: MailJob[] = [job, ...more.filter(({ id }) => id !== job.id)]
  const emails = await lockEmails(
    tx,
    jobs.map(({ data }) => data?.emailId),
  )
  if (!emails.has(job.data.emailId)) throw new GiveUp('no_such_email')

  const known: Fetched[] = []
  const unknown: MailJob[] = []
  for (const one of jobs) {
    const email = emails.get(one.data?.emailId)
    if (email?.hasTemplate) known.push({ job: one, email })
    else unknown.push(one)
    if (email && !email.hasTemplate) log.warn({ emailId: email.id }, `No template for "${email.kind}"`)
  }
  // pg-boss retries them: the next release may have the template. A job without an email is given up above, when a worker gets it
  // as `job`.
  await finishJobs(tx, queue, 'fail', unknown)

  // One job for each email.
  const waiting = known.filter(
    ({ email }, index) => email.isWaiting && known.findIndex((other) => other.email === email) === index,
  )
  const limit = queue === 'send-email' ? MAX_DEATHS : 2 * MAX_DEATHS
  const suspects = waiting.filter(({ email }) => email.deaths >= limit)
  const fetched = waiting.filter((mail) => !suspects.includes(mail))
  await finishJobs(tx, queue, 'complete', toJobs(known.filter((mail) => !fetched.includes(mail))))
  if (queue === 'send-email') await sendAlone(tx, suspects)
  else await giveUp(tx, suspects, 'worker_died')

  const ids = fetched.map(({ email }) => email.id)
  // Not flushed at once: the commit that writes the batch also flushes this one.
  await tx.$executeRaw`SET LOCAL synchronous_commit = off`
  await tx.$executeRaw`UPDATE "Email" SET deaths = deaths + 1 WHERE id = ANY (${ids}::uuid[])`
  return fetched
}

async function sendAlone(tx: Transaction, suspects: Fetched[]): Promise<void> {
  if (suspects.length === 0) return
  const emailIds = suspects.map(({ email }) => email.id)
  log.error(
    { emailIds, reason: 'worker_died' },
    `${MAX_DEATHS} workers died while rendering these mails: each is sent alone`,
  )
  await enqueueAlone(tx, suspects)
}

async function enqueueAlone(tx: Transaction, mails: Fetched[]): Promise<void> {
  const jobs = mails.map(({ email }) => ({ data: { emailId: email.id } }))
  if (jobs.length > 0) await enqueueAll(tx, 'send-email-alone', jobs)
}

async function giveUp(tx: Transaction, mails: Fetched[], reason: string): Promise<void> {
  if (mails.length === 0) return
  await recordEvents(
    tx,
    mails.map(({ email }) => ({ emailId: email.id, status: 'failed', reason })),
  )
  for (const { email } of mails)
    log.error({ emailId: email.id, reason }, `given up: npm run redrive -- ${email.id}`)
}

/** Leaves mails with attachments to the queue `send-email-alone`, because Resend's batch call takes none. */
async function render(email: WaitingEmail, queue: MailQueue): Promise<Rendered> {
  const ended = new AbortController()
  const timeout = async (): Promise<never> => {
    await sleep(RENDERING_MS, undefined, { signal: ended.signal })
    throw new Error(`The template "${email.kind}" did not return within ${RENDERING_MS / 1000} s`)
  }
  const write = async (): Promise<Rendered> => {
    const { attach }: Template = await TEMPLATES[email.kind]()
    return attach && queue === 'send-email'
      ? { hasAttachments: true }
      : { message: await writeMessage(email) }
  }
  try {
    return await Promise.race([write(), timeout()])
  } catch (error) {
    return { error }
  } finally {
    ended.abort()
  }
}

async function persist(
  tx: Transaction,
  queue: MailQueue,
  mails: (Fetched & Rendered)[],
): Promise<Batch | undefined> {
  await lockJobs(tx, queue, toJobs(mails))
  // Again, because a user may have asked for erasure while the mails were rendered.
  const emails = await lockEmails(
    tx,
    mails.map(({ email }) => email.id),
  )
  // Rendered, or not waiting any more.
  const done: typeof mails = []
  for (const mail of mails) {
    if ('error' in mail && emails.get(mail.email.id)?.isWaiting) await postpone(tx, queue, mail, mail.error)
    else done.push(mail)
  }
  await finishJobs(tx, queue, 'complete', toJobs(done))
  const waiting = done.flatMap(({ email }) => emails.get(email.id) ?? []).filter(({ isWaiting }) => isWaiting)
  const wanted = new Set((await dropSuppressed(tx, waiting)).map(({ id }) => id))
  const ready = done.filter(({ email }) => wanted.has(email.id))
  await enqueueAlone(
    tx,
    ready.filter((mail) => 'hasAttachments' in mail),
  )
  const messages = ready.flatMap((mail) => ('message' in mail ? mail.message : []))
  if (messages.length > 0) return await writeBatch(tx, messages)
}

async function postpone(tx: Transaction, queue: MailQueue, mail: Fetched, error: unknown): Promise<void> {
  const reason = 'template_failed'
  const emailId = mail.email.id
  // Failures since the mail was last queued.
  const [row] = await tx.$queryRaw<[{ renderings: number }]>`
    SELECT count(*)::int AS renderings FROM "EmailEvent" AS event WHERE "emailId" = ${emailId}::uuid AND reason = ${reason}
      AND id > coalesce((SELECT max(id) FROM "EmailEvent" WHERE "emailId" = event."emailId" AND status = 'queued'), 0)`
  const renderings = row.renderings + 1
  if (renderings === 1) log.error({ emailId, err: error }, `The template "${mail.email.kind}" failed`)
  if (renderings >= MAX_RENDERINGS) {
    await finishJobs(tx, queue, 'complete', [mail.job])
    return await giveUp(tx, [mail], reason)
  }
  const retryAt = new Date((await databaseNow()) + backoff(renderings))
  await recordEvents(tx, [{ emailId, status: 'retrying', reason, retryAt }])
  await retryJob(tx, queue, mail.job.id, retryAt, reason)
}

// Mails whose `deaths` must be lowered, because only writing the batch failed. An id may be here several times.
const miscounted: string[] = []

async function uncountDeaths(fetched: Fetched[]): Promise<void> {
  const ids = [...miscounted.splice(0), ...fetched.map(({ email }) => email.id)]
  try {
    await prisma().$executeRaw`
      UPDATE "Email" SET deaths = greatest(deaths - times, 0)
      FROM (SELECT id, count(*)::int AS times FROM unnest(${ids}::uuid[]) AS id GROUP BY id) AS miscounted
      WHERE "Email".id = miscounted.id`
  } catch {
    // The next call includes them.
    miscounted.push(...ids)
  }
}

const toJobs = (mails: Fetched[]): MailJob[] => mails.map(({ job }) => job)
