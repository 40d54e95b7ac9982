import { ERASURE, USER } from '../account/stranded-users'
import { prisma } from '../db/prisma'
import { Prisma } from '../generated/prisma/client'
import { memoizeFor } from '../live/memoize-for'
import { log, reasonOf } from '../log'
import { EXPORT, FILE } from '../orders/stranded' // orders
import { giveUpExpired, isKeyExpired } from '../sending/batch'
import { isToBeSent } from '../sending/batch-contents'
import { repairOne, type StrandedKind, selectStranded } from '../sending/stranded'
import { BATCH, EMAIL } from '../sending/stranded-emails'

// A row and its job commit together. A row may still lose its job when an operator deletes the job or restores a table.

const MAX_ROWS = 1_000

const KINDS: Record<string, StrandedKind> = {
  email: EMAIL,
  batch: BATCH,
  user: USER,
  erasure: ERASURE,
  export: EXPORT, // orders
  file: FILE, // orders
}

/** Repairs stranded rows, and gives up batches with an expired key. The next run finds the rest. */
export async function sweep(): Promise<void> {
  await giveUpAllForgotten()
  const [{ start }] = await prisma().$queryRaw<[{ start: Date }]>`SELECT now() - interval '1 minute' AS start`
  let isComplete = true
  for (const [name, kind] of Object.entries(KINDS)) if (!(await repairKind(name, kind))) isComplete = false
  if (!isComplete) return
  await prisma().$executeRaw`UPDATE "Sweep" SET "checkedUntil" = ${start}`
}

async function giveUpAllForgotten(): Promise<void> {
  const logFailure = (error: unknown, batchId?: string): void =>
    log.error(
      { batchId, reason: reasonOf(error) },
      'Batches whose key Resend has forgotten could not be given up',
    )
  try {
    const batches = await prisma().$queryRaw<{ id: string }[]>`
      SELECT id FROM "Batch" WHERE ${isKeyExpired} AND "attemptsInDoubt" > 0 AND ${isToBeSent} LIMIT ${MAX_ROWS}`
    for (const { id } of batches)
      await prisma()
        .$transaction((tx) => giveUpExpired(tx, id))
        .catch((error) => logFailure(error, id))
  } catch (error) {
    logFailure(error)
  }
}

/** @returns false when there are more, or a row failed */
async function repairKind(name: string, kind: StrandedKind): Promise<boolean> {
  try {
    const rows = await prisma().$queryRaw<{ id: string }[]>`${selectStranded(kind)} LIMIT ${MAX_ROWS}`
    const results = []
    for (const { id } of rows) results.push(await repairRow(name, kind, id))
    return rows.length < MAX_ROWS && results.every(Boolean)
  } catch (error) {
    log.error({ reason: reasonOf(error) }, `Cannot look for a stranded ${name}`)
    return false
  }
}

async function repairRow(name: string, kind: StrandedKind, id: string): Promise<boolean> {
  const fields = { [`${name}Id`]: id }
  try {
    const isRepaired = await prisma().$transaction(async (tx) => {
      if (!(await repairOne(tx, kind, id))) return false
      await tx.$executeRaw`UPDATE "Sweep" SET repaired = repaired + 1`
      return true
    })
    if (isRepaired) log.warn(fields, `A stranded ${name} was repaired: it waited without a job`)
    return true
  } catch (error) {
    log.error({ ...fields, reason: reasonOf(error) }, `A stranded ${name} could not be repaired`)
    return false
  }
}

/** Counts the stranded rows, and those repaired since the installation. */
export const countStranded = memoizeFor(5_000, async (): Promise<{ stranded: number; repaired: number }> => {
  const counts = Object.values(KINDS).map(
    (kind) => Prisma.sql`(SELECT count(*) FROM (${selectStranded(kind)} LIMIT ${MAX_ROWS}) AS kind)`,
  )
  const [row] = await prisma().$queryRaw<[{ stranded: number; repaired: number }]>`
    SELECT (${Prisma.join(counts, ' + ')})::int AS stranded, coalesce((SELECT repaired FROM "Sweep"), 0) AS repaired`
  return row
})
