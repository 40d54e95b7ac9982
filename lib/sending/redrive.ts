import { MAX_COUNTED } from '../db/max-counted'
import { prisma, type Transaction } from '../db/prisma'
import type { Email } from '../generated/prisma/client'
import { transactionWithQueue } from '../queue'
import { recordEvents } from '../status/record'
import { lockBatch, requeueBatch } from './batch'
import { enqueueEmails } from './enqueue'
import { findVerdict } from './outcome'

export type RedriveResult = 'queued' | 'unknown' | 'not failed' | 'accepted by Resend' | 'might be sent twice'

export type Redriven = { id: string; result: RedriveResult }

/** `force` also redrives mails that Resend may have accepted more than 23 h ago, or together with mails that it rejects now. */
type Options = { force?: boolean }

/** The reason of mails that an operator has dropped. */
export const DROPPED = 'dropped_by_operator'

const CHUNK = 500

/** Lists why emails were given up: of 10,000 of them, if there are more. */
export async function listFailedReasons(): Promise<string[]> {
  const rows = await prisma().$queryRaw<{ reason: string }[]>`
    SELECT DISTINCT reason FROM (
      SELECT (SELECT reason FROM "EmailEvent" WHERE "emailId" = "Email".id AND status = 'failed' ORDER BY id DESC LIMIT 1)
      FROM "Email" WHERE status = 'failed' LIMIT ${MAX_COUNTED}
    ) AS mail WHERE reason IS NOT NULL ORDER BY reason`
  return rows.map(({ reason }) => reason)
}

/**
 * Redrives emails that have failed, oldest first, in chunks.
 * @param reason only these. Without it, those that an operator has dropped stay
 */
export async function* redriveFailed(reason?: string, options?: Options): AsyncGenerator<Redriven[]> {
  // Emails that fail again meanwhile are newer than this.
  const { _max: end } = await prisma().email.aggregate({
    where: { status: 'failed' },
    _max: { updatedAt: true },
  })
  let last = { id: '00000000-0000-0000-0000-000000000000', updatedAt: new Date(0) }
  for (;;) {
    const chunk = await prisma().$queryRaw<(typeof last)[]>`
      SELECT id, "updatedAt" FROM "Email"
      WHERE status = 'failed' AND "updatedAt" <= ${end.updatedAt} AND ("updatedAt", id) > (${last.updatedAt}, ${last.id}::uuid)
        AND coalesce((
          SELECT CASE WHEN ${reason ?? null}::text IS NULL THEN event.reason <> ${DROPPED} ELSE event.reason = ${reason ?? null} END
          FROM "EmailEvent" AS event WHERE "emailId" = "Email".id AND event.status = 'failed' ORDER BY event.id DESC LIMIT 1
        ), ${reason === undefined})
      ORDER BY "updatedAt", id LIMIT ${CHUNK}`
    const ids = chunk.map(({ id }) => id)
    if (ids.length > 0) yield await redriveEmails(ids, options)
    if (ids.length < CHUNK) return
    last = chunk.at(-1) as typeof last
  }
}

/**
 * Redrives emails that were given up. If Resend may have accepted one, its whole batch is sent again under the same key.
 * @param ids in lower case, as Postgres returns them
 * @returns for each email "queued", or why not.
 */
export async function redriveEmails(ids: string[], { force = false }: Options = {}): Promise<Redriven[]> {
  const known = await prisma().email.findMany({
    where: { id: { in: ids } },
    select: { id: true, batchId: true },
  })
  const results = new Map<string, RedriveResult>()
  for (const batchId of new Set(known.map((email) => email.batchId))) {
    const chosen = known.filter((email) => email.batchId === batchId).map(({ id }) => id)
    const redriven = await transactionWithQueue((tx) => redriveTogether(tx, chosen, batchId, force))
    for (const { id, result } of redriven) results.set(id, result)
  }
  return ids.map((id) => ({ id, result: results.get(id) ?? 'unknown' }))
}

async function redriveTogether(
  tx: Transaction,
  ids: string[],
  batchId: string | null,
  force: boolean,
): Promise<Redriven[]> {
  // When two operators redrive the same email, the second waits for these locks and finds it queued.
  const batch = batchId ? await lockBatch(tx, batchId) : undefined
  await tx.$queryRaw`SELECT FROM "Email" WHERE id = ANY (${ids}::uuid[]) ORDER BY id FOR UPDATE`
  const emails = await tx.$queryRaw<(Email & { lastReason: string | null })[]>`
    SELECT *, (
      SELECT reason FROM "EmailEvent" WHERE "emailId" = "Email".id AND status = 'failed' ORDER BY id DESC LIMIT 1
    ) AS "lastReason" FROM "Email" WHERE id = ANY (${ids}::uuid[])`
  const toResult = (email: (typeof emails)[number]): RedriveResult => {
    if (email.status !== 'failed' || email.batchId !== batchId) return 'not failed'
    // Resend has reported the failure.
    if (email.providerId) return 'accepted by Resend'
    const isInDoubt = batch ? batch.isKeyExpired : email.lastReason === 'outcome_unknown'
    return isInDoubt && !force ? 'might be sent twice' : 'queued'
  }
  const results = emails.map((email) => ({ email, result: toResult(email) }))
  const queued = results.flatMap(({ email, result }) => (result === 'queued' ? email : []))
  // Sent together again, mails that Resend has rejected together would be rejected again.
  const isRejected = queued.some(({ lastReason }) => findVerdict(lastReason ?? '')?.kind === 'permanent')
  const sameBatch = batch && !batch.isKeyExpired && !(force && isRejected) ? batch.id : undefined
  const fact = { status: 'queued', reason: force ? 'forced' : undefined, batchId: sameBatch } as const
  await recordEvents(
    tx,
    queued.map(({ id }) => ({ ...fact, emailId: id })),
  )
  if (!sameBatch) {
    await enqueueEmails(tx, queued)
  } else if (queued.length > 0) {
    // While one attempt is in doubt, the batch must not change. 2, because a frozen worker may still report that its own attempt was
    // rejected, which subtracts 1.
    await tx.batch.update({ where: { id: sameBatch }, data: { attemptsInDoubt: 2 } })
    await requeueBatch(tx, sameBatch)
  }
  return results.map(({ email, result }) => ({ id: email.id, result }))
}
