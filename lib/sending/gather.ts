import { setTimeout as sleep } from 'node:timers/promises'
import { databaseNow } from '../db/clock'
import { prisma, type Transaction } from '../db/prisma'
import { log } from '../log'
import { type Message, writeMessage } from '../mail/message'
import { enqueueAll, GiveUp, type Job, type JobData, lockJob, retryJob, settleJobs, takeJobs } from '../queue'
import { recordEvents } from '../status/record'
import { type Batch, writeBatch } from './batch'
import { lockEmails, type WaitingEmail } from './lock-emails'
import { backoff } from './outcome'
import { dropSuppressed } from './suppression'

/*
 * A mail can be a poison pill: its template throws, never returns, or takes the whole process down. It must not take its
 * neighbours along. So the mails of a batch are marked, in a transaction of its own, before any of them is rendered:
 * whoever dies now leaves the mark on all of them, and the bad one is among them. After three deaths each of them goes
 * alone. Then the bad one collects its marks alone, and is given up after three more.
 */
const DEATHS = 3

/** How often a mail whose template throws is tried: for about a quarter of an hour. */
const MAX_RENDERINGS = 10
const RENDERING_MS = 5_000

type MailQueue = 'send-email' | 'send-email-alone'
type Taken = { job: { id: string; data: JobData<MailQueue> }; email: WaitingEmail }

/** One at a time in a process, so that a death marks only those who were there. */
let line: Promise<unknown> = Promise.resolve()

/**
 * Takes the mail of a job, and from `send-email` up to 99 more that wait, and writes them down as a batch.
 * @param maxSize how many mails may go into the batch
 * @returns undefined when none of them is to be sent now
 * @throws {GiveUp} when there is no such email
 * @throws when the database is unreachable: nothing was taken, or all of it comes back
 */
export function gatherBatch(queue: MailQueue, job: Job<MailQueue>, maxSize = 1): Promise<Batch | undefined> {
  const batch = line.then(async () => {
    // Here, because the time that it takes to load React must not count as that of a template.
    await import('../mail/templates/letter')
    const taken = await prisma().$transaction((tx) => takeMails(tx, queue, job, maxSize))
    if (taken.length === 0) return
    const mails = await Promise.all(taken.map(({ email }) => render(email)))
    try {
      return await prisma().$transaction((tx) => writeDown(tx, queue, taken, mails))
    } catch (error) {
      await takeBackMarks(taken)
      throw error
    }
  })
  line = batch.catch(() => {})
  return batch
}

async function takeMails(
  tx: Transaction,
  queue: MailQueue,
  job: Job<MailQueue>,
  maxSize: number,
): Promise<Taken[]> {
  await lockJob(tx, queue, job.id)
  const others = maxSize > 1 ? await takeJobs(tx, queue, maxSize - 1) : []
  const emails = await lockEmails(
    tx,
    [job, ...others].map(({ data }) => data?.emailId),
  )
  if (!emails.has(job.data.emailId)) throw new GiveUp('no_such_email')
  const jobs = [job, ...others].map((job): Partial<Taken> & Pick<Taken, 'job'> => ({
    job,
    email: emails.get(job.data?.emailId),
  }))
  // A job without an email is given up when it is the one that leads. Of a kind that only the next version knows are
  // mails while it is being deployed: its workers will take them.
  const strangers = jobs.filter(({ email }) => !email?.hasTemplate)
  for (const { email } of strangers)
    if (email) log.warn({ emailId: email.id }, `No template for "${email.kind}"`)
  await settleJobs(tx, queue, 'fail', toJobs(strangers))

  const known = jobs.filter((one): one is Taken => Boolean(one.email?.hasTemplate))
  // Several jobs may carry the same mail.
  const waiting = known.filter(
    ({ email }, index) => email.isWaiting && known.findIndex((one) => one.email === email) === index,
  )
  const limit = queue === 'send-email' ? DEATHS : 2 * DEATHS
  const suspects = waiting.filter(({ email }) => email.deaths >= limit)
  const taken = waiting.filter((one) => !suspects.includes(one))
  await settleJobs(tx, queue, 'complete', toJobs(known.filter((one) => !taken.includes(one))))
  if (queue === 'send-email') await sendAlone(tx, suspects)
  else await giveUp(tx, suspects, 'worker_died')

  const ids = taken.map(({ email }) => email.id)
  // The next transaction makes this one safe on the disk, too.
  await tx.$executeRaw`SET LOCAL synchronous_commit = off`
  await tx.$executeRaw`UPDATE "Email" SET deaths = deaths + 1 WHERE id = ANY (${ids}::uuid[])`
  return taken
}

async function sendAlone(tx: Transaction, suspects: Taken[]): Promise<void> {
  if (suspects.length === 0) return
  const emailIds = suspects.map(({ email }) => email.id)
  log.error(
    { emailIds, reason: 'worker_died' },
    `${DEATHS} workers died over these mails: each is sent alone`,
  )
  await enqueueAll(
    tx,
    'send-email-alone',
    emailIds.map((emailId) => ({ data: { emailId } })),
  )
}

async function giveUp(tx: Transaction, mails: Taken[], reason: string): Promise<void> {
  if (mails.length === 0) return
  await recordEvents(
    tx,
    mails.map(({ email }) => ({ emailId: email.id, status: 'failed', reason })),
  )
  for (const { email } of mails) log.error({ emailId: email.id, reason }, 'given up')
}

/** A mail, or why there is none. */
type Rendered = { message?: Message; error?: unknown }

async function render(email: WaitingEmail): Promise<Rendered> {
  const ended = new AbortController()
  const timeout = async (): Promise<never> => {
    await sleep(RENDERING_MS, undefined, { signal: ended.signal })
    throw new Error(`The template "${email.kind}" did not come to an end in ${RENDERING_MS / 1000} s`)
  }
  try {
    return { message: await Promise.race([writeMessage(email), timeout()]) }
  } catch (error) {
    return { error }
  } finally {
    ended.abort()
  }
}

/** Writes the batch down. What could not be rendered is left out, and tried again later. */
async function writeDown(
  tx: Transaction,
  queue: MailQueue,
  taken: Taken[],
  mails: Rendered[],
): Promise<Batch | undefined> {
  await lockJob(tx, queue, ...toJobs(taken).map(({ id }) => id))
  // Meanwhile somebody may have asked to be erased.
  const emails = await lockEmails(
    tx,
    taken.map(({ email }) => email.id),
  )
  const isBad = ({ email }: Taken, index: number): boolean =>
    mails[index]?.message === undefined && emails.get(email.id)?.isWaiting === true
  for (const [index, one] of taken.entries())
    if (isBad(one, index)) await putOff(tx, queue, one, mails[index]?.error)
  const good = taken.filter((one, index) => !isBad(one, index))
  await settleJobs(tx, queue, 'complete', toJobs(good))
  const waiting = await dropSuppressed(
    tx,
    good.map(({ email }) => email).filter(({ id }) => emails.get(id)?.isWaiting),
  )
  const messages = taken.flatMap(({ email }, index) =>
    waiting.includes(email) ? (mails[index]?.message ?? []) : [],
  )
  if (messages.length > 0) return await writeBatch(tx, messages)
}

/** Tries to render a mail again later, or gives it up. The log has the stack once. */
async function putOff(tx: Transaction, queue: MailQueue, mail: Taken, error: unknown): Promise<void> {
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

/** Marks that could not be taken back, because the database was away. */
const owed = new Set<string>()

/** We are still alive. */
async function takeBackMarks(taken: Taken[]): Promise<void> {
  for (const { email } of taken) owed.add(email.id)
  const ids = [...owed]
  try {
    await prisma()
      .$executeRaw`UPDATE "Email" SET deaths = greatest(deaths - 1, 0) WHERE id = ANY (${ids}::uuid[])`
    owed.clear()
  } catch {
    // The next failure takes them back, too.
  }
}

const toJobs = (taken: { job: Taken['job'] }[]): Taken['job'][] => taken.map(({ job }) => job)
