import { prisma, type Transaction } from '../db/prisma'
import { Prisma } from '../generated/prisma/client'
import { deleteJobsAbout, lockJobsAbout, transactionWithQueue } from '../queue'
import { enqueueEmails } from '../sending/enqueue'
import { DROPPED } from '../sending/redrive'
import { isUnfinished } from '../sending/stranded-emails'
import { recordEvents } from '../status/record'

export type Choice = { kind?: string; since?: Date; until?: Date }

/** `inDoubt`: unchanged, because Resend may have accepted them. Their batches are sent again. */
type Changed = { changed: number; inDoubt: { id: string; batchId: string }[] }

const CHUNK = 2_000

const UNFINISHED_STATUSES = ['queued', 'sending', 'retrying']

function isChosen({ kind, since, until }: Choice): Prisma.Sql {
  return Prisma.sql`(${kind ?? null}::text IS NULL OR kind = ${kind ?? null})
    AND "createdAt" BETWEEN coalesce(${since ?? null}::timestamptz, '-infinity') AND coalesce(${until ?? null}::timestamptz, 'infinity')`
}

type Count = { kind: string; mails: number; written: number; oldest: Date }

/** Counts waiting mails by kind. */
export function countWaiting(choice: Choice = {}): Promise<Count[]> {
  return prisma().$queryRaw`
    SELECT kind, count(*)::int AS mails, count("batchId")::int AS written, min("createdAt") AS oldest
    FROM "Email" WHERE ${isUnfinished} AND ${isChosen(choice)} GROUP BY kind ORDER BY kind`
}

/** Gives up waiting mails, in chunks. An operator may redrive them. */
export function dropWaiting(choice: Choice): Promise<Changed> {
  return changeWaiting(choice, async (tx, mails) => {
    const facts = mails.map(({ id }) => ({
      emailId: id,
      status: 'failed' as const,
      reason: DROPPED,
    }))
    const dropped = await recordEvents(tx, facts)
    await deleteJobsAbout(
      tx,
      mails.map(({ id }) => id),
    )
    return dropped.length
  })
}

/** Takes mails out of batches that were never sent, to render them again. */
export function renderWaiting(choice: Choice): Promise<Changed> {
  return changeWaiting(choice, async (tx, mails) => {
    const written = mails.filter(({ batchId }) => batchId)
    await recordEvents(
      tx,
      written.map(({ id }) => ({ emailId: id, status: 'retrying', reason: 'rendered_anew' })),
    )
    await enqueueEmails(tx, written)
    return written.length
  })
}

type Mail = { id: string; kind: string; batchId: string | null }

// By status, for the index. A mail that changes meanwhile is newer than `end`, so it is not read again.
async function changeWaiting(
  choice: Choice,
  change: (tx: Transaction, mails: Mail[]) => Promise<number>,
): Promise<Changed> {
  const total: Changed = { changed: 0, inDoubt: [] }
  const ends = await prisma().$queryRaw<{ status: string; end: Date }[]>`
    SELECT waiting.status::text, "updatedAt" AS end FROM unnest(${UNFINISHED_STATUSES}::"EmailStatus"[]) AS waiting (status) CROSS JOIN LATERAL (
      SELECT "updatedAt" FROM "Email" WHERE "Email".status = waiting.status ORDER BY "updatedAt" DESC LIMIT 1) AS newest`
  for (const { status, end } of ends) {
    let last = { id: '00000000-0000-0000-0000-000000000000', updatedAt: new Date(0) }
    for (;;) {
      const chunk = await prisma().$queryRaw<(typeof last)[]>`
        SELECT id, "updatedAt" FROM "Email"
        WHERE status = ${status}::"EmailStatus" AND "updatedAt" <= ${end} AND ${isChosen(choice)}
          AND ("updatedAt", id) > (${last.updatedAt}, ${last.id}::uuid)
        ORDER BY "updatedAt", id LIMIT ${CHUNK}`
      if (chunk.length > 0) {
        const ids = chunk.map(({ id }) => id)
        const { changed, inDoubt } = await transactionWithQueue((tx) => changeChunk(tx, ids, change))
        total.changed += changed
        total.inDoubt.push(...inDoubt)
      }
      if (chunk.length < CHUNK) break
      last = chunk.at(-1) as (typeof chunk)[number]
    }
  }
  return total
}

async function changeChunk(
  tx: Transaction,
  ids: string[],
  change: (tx: Transaction, mails: Mail[]) => Promise<number>,
): Promise<Changed> {
  // Not the jobs of batches: `settleBatch` deletes its job while it holds the locks of the emails.
  await lockJobsAbout(tx, ids)
  const mails = await tx.$queryRaw<Mail[]>`
    SELECT id, kind, "batchId" FROM "Email"
    WHERE id = ANY (${ids}::uuid[]) AND ${isUnfinished} ORDER BY id FOR UPDATE`
  // After `settleBatch` has split a batch, each part waits for its first attempt. A worker may have begun one meanwhile.
  const unsent = await tx.$queryRaw<{ id: string }[]>`
    SELECT id FROM "Batch" WHERE id = ANY (${mails.flatMap(({ batchId }) => batchId ?? [])}::uuid[])
      AND "attemptsInDoubt" = 0 AND json_array_length(messages) = 1 ORDER BY id FOR UPDATE`
  const isCertain = ({ batchId }: Mail): boolean =>
    batchId === null || unsent.some(({ id }) => id === batchId)
  const certain = mails.filter(isCertain)
  const changed = await change(tx, certain)
  const gone = unsent.map(({ id }) => id)
  await deleteJobsAbout(tx, gone)
  await tx.batch.deleteMany({ where: { id: { in: gone } } })
  const inDoubt = mails.flatMap((mail) =>
    mail.batchId && !isCertain(mail) ? [{ id: mail.id, batchId: mail.batchId }] : [],
  )
  return { changed, inDoubt }
}
