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
  GiveUp,
  type Job,
  type JobData,
  lockJob,
  retryJob,
  settleJobs,
} from '../queue'
import { recordEvents } from '../status/record'
import { type Batch, writeBatch } from './batch'
import { lockEmails, type WaitingEmail } from './lock-emails'
import { backoff } from './outcome'
import { dropSuppressed } from './suppression'

// A poison pill: rendering it kills the process. A transaction increments `deaths` of all mails before they are rendered, and
// writing the batch resets it. After three deaths, each mail is rendered alone. After three more, the worker gives it up.
const MAX_DEATHS = 3

/** With the backoff between them, about a quarter of an hour. */
const MAX_RENDERINGS = 10
const RENDERING_MS = 5_000

type MailQueue = 'send-email' | 'send-ticket' | 'send-email-alone'
type Fetched = { job: { id: string; data: JobData<MailQueue> }; email: WaitingEmail }

/** One batch at a time, so that a death of the process counts only for the mails of that batch. */
let previous: Promise<unknown> = Promise.resolve()

/**
 * Batches a job's mail with others of its queue, up to `maxSize`. Returns undefined when none can be sent now.
 * @throws {GiveUp} when the email does not exist. @throws when the database is unreachable
 */
export function gatherBatch(queue: MailQueue, job: Job<MailQueue>, maxSize = 1): Promise<Batch | undefined> {
  const batch = previous.then(async () => {
    // Loads React before the timer of the templates starts.
    await import('../mail/templates/letter')
    const fetched = await prisma().$transaction((tx) => fetchMails(tx, queue, job, maxSize))
    if (fetched.length === 0) return
    const mails = await Promise.all(fetched.map(({ email }) => render(email, queue)))
    try {
      return await prisma().$transaction((tx) => persist(tx, queue, fetched, mails))
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
  await lockJob(tx, queue, job.id)
  const more = maxSize > 1 ? await fetchJobs(tx, queue, maxSize - 1) : []
  // After missed heartbeats of this worker, pg-boss retries its job, which may then come twice.
  const others = more.filter(({ id }) => id !== job.id)
  const emails = await lockEmails(
    tx,
    [job, ...others].map(({ data }) => data?.emailId),
  )
  if (!emails.has(job.data.emailId)) throw new GiveUp('no_such_email')
  const jobs = [job, ...others].map((job): Partial<Fetched> & Pick<Fetched, 'job'> => ({
    job,
    email: emails.get(job.data?.emailId),
  }))
  // Retries these jobs: the next release may have the template.
  const unknown = jobs.filter(({ email }) => !email?.hasTemplate)
  for (const { email } of unknown)
    if (email) log.warn({ emailId: email.id }, `No template for "${email.kind}"`)
  await settleJobs(tx, queue, 'fail', toJobs(unknown))

  const known = jobs.filter((job): job is Fetched => Boolean(job.email?.hasTemplate))
  const waiting = known.filter(
    ({ email }, index) => email.isWaiting && known.findIndex((other) => other.email === email) === index,
  )
  const limit = queue === 'send-email' ? MAX_DEATHS : 2 * MAX_DEATHS
  const suspects = waiting.filter(({ email }) => email.deaths >= limit)
  const fetched = waiting.filter((mail) => !suspects.includes(mail))
  await settleJobs(tx, queue, 'complete', toJobs(known.filter((mail) => !fetched.includes(mail))))
  if (queue === 'send-email') await sendAlone(tx, suspects)
  else await giveUp(tx, suspects, 'worker_died')

  const ids = fetched.map(({ email }) => email.id)
  // The next commit also flushes this one to disk.
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
  for (const { email } of mails) log.error({ emailId: email.id, reason }, 'given up')
}

type Rendered = { message?: Message; hasAttachments?: boolean; error?: unknown }

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
  fetched: Fetched[],
  mails: Rendered[],
): Promise<Batch | undefined> {
  await lockJob(tx, queue, ...toJobs(fetched).map(({ id }) => id))
  // Again: a user may have asked for erasure meanwhile.
  const emails = await lockEmails(
    tx,
    fetched.map(({ email }) => email.id),
  )
  const isBad = ({ email }: Fetched, index: number): boolean =>
    !mails[index]?.message && !mails[index]?.hasAttachments && emails.get(email.id)?.isWaiting === true
  for (const [index, mail] of fetched.entries())
    if (isBad(mail, index)) await postpone(tx, queue, mail, mails[index]?.error)
  const good = fetched.filter((mail, index) => !isBad(mail, index))
  await settleJobs(tx, queue, 'complete', toJobs(good))
  const waiting = good.flatMap(({ email }) => emails.get(email.id) ?? []).filter(({ isWaiting }) => isWaiting)
  const wanted = new Set((await dropSuppressed(tx, waiting)).map(({ id }) => id))
  const wantedAt = (index: number): Rendered =>
    wanted.has(fetched[index]?.email.id ?? '') ? (mails[index] ?? {}) : {}
  const messages = fetched.flatMap((_, index) => wantedAt(index).message ?? [])
  await enqueueAlone(
    tx,
    fetched.filter((_, index) => wantedAt(index).hasAttachments),
  )
  if (messages.length > 0) return await writeBatch(tx, messages)
}

async function postpone(tx: Transaction, queue: MailQueue, mail: Fetched, error: unknown): Promise<void> {
  const reason = 'template_failed'
  const emailId = mail.email.id
  const [row] = await tx.$queryRaw<[{ renderings: number }]>`
    SELECT count(*)::int AS renderings FROM "EmailEvent" AS event WHERE "emailId" = ${emailId}::uuid AND reason = ${reason}
      AND id > coalesce((SELECT max(id) FROM "EmailEvent" WHERE "emailId" = event."emailId" AND status = 'queued'), 0)`
  const renderings = row.renderings + 1
  if (renderings === 1) log.error({ emailId, err: error }, `The template "${mail.email.kind}" failed`)
  if (renderings >= MAX_RENDERINGS) {
    await settleJobs(tx, queue, 'complete', [mail.job])
    return await giveUp(tx, [mail], reason)
  }
  const retryAt = new Date((await databaseNow()) + backoff(renderings))
  await recordEvents(tx, [{ emailId, status: 'retrying', reason, retryAt }])
  await retryJob(tx, queue, mail.job.id, retryAt, reason)
}

// Mails whose `deaths` are one too high, because the database failed and not this worker.
const miscounted = new Set<string>()

async function uncountDeaths(fetched: Fetched[]): Promise<void> {
  for (const { email } of fetched) miscounted.add(email.id)
  const ids = [...miscounted]
  try {
    await prisma()
      .$executeRaw`UPDATE "Email" SET deaths = greatest(deaths - 1, 0) WHERE id = ANY (${ids}::uuid[])`
    miscounted.clear()
  } catch {
    // The next call includes them.
  }
}

const toJobs = (mails: { job: Fetched['job'] }[]): Fetched['job'][] => mails.map(({ job }) => job)
