import { ERASURE, USER } from '../account/stranded-users'
import { prisma } from '../db/prisma'
import { Prisma } from '../generated/prisma/client'
import { memoizeFor } from '../live/memoize-for'
import { log, reasonOf } from '../log'
import { EXPORT, FILE } from '../orders/stranded' // orders
import { type Kind, repairOne, selectStranded } from '../sending/stranded'
import { BATCH, EMAIL } from '../sending/stranded-emails'

// Rows and their jobs commit together. The sweep looks for rows without one all the same: after a manual deletion, a restored
// table, an unknown fault.

/** How many rows of a kind are counted, and mended in one run. */
const MOST = 1_000

const KINDS: Record<string, Kind> = {
  email: EMAIL,
  batch: BATCH,
  user: USER,
  erasure: ERASURE,
  export: EXPORT, // orders
  file: FILE, // orders
}

/** Repairs stranded rows. The next run finds the rest. @throws when the database is unreachable. */
export async function sweep(): Promise<void> {
  const [{ start }] = await prisma().$queryRaw<[{ start: Date }]>`SELECT now() - interval '1 minute' AS start`
  let isComplete = true
  for (const [name, kind] of Object.entries(KINDS)) if (!(await mendKind(name, kind))) isComplete = false
  // The rest is found by the next run, a minute later.
  if (!isComplete) return
  await prisma().$executeRaw`UPDATE "Sweep" SET "checkedUntil" = ${start}`
}

/** @returns false when there are more, or something went wrong. A kind must not keep the others waiting. */
async function mendKind(name: string, kind: Kind): Promise<boolean> {
  try {
    const rows = await prisma().$queryRaw<{ id: string }[]>`${selectStranded(kind)} LIMIT ${MOST}`
    const results = []
    for (const { id } of rows) results.push(await mendRow(name, kind, id))
    return rows.length < MOST && results.every(Boolean)
  } catch (error) {
    log.error({ reason: (error as Error).message }, `No stranded ${name} could be looked for`)
    return false
  }
}

/** @returns false when the row cannot be mended now. */
async function mendRow(name: string, kind: Kind, id: string): Promise<boolean> {
  const fields = { [`${name}Id`]: id }
  try {
    const isMended = await prisma().$transaction(async (tx) => {
      if (!(await repairOne(tx, kind, id))) return false
      await tx.$executeRaw`UPDATE "Sweep" SET mended = mended + 1`
      return true
    })
    if (isMended) log.warn(fields, `A stranded ${name} was mended: it waited without a job`)
    return true
  } catch (error) {
    log.error({ ...fields, reason: reasonOf(error) }, `A stranded ${name} could not be mended`)
    return false
  }
}

/** How many rows are stranded now, and how many were mended so far. Many may ask: the answer may be 5 s old. */
export const countStranded = memoizeFor(5_000, async (): Promise<{ stranded: number; mended: number }> => {
  const counts = Object.values(KINDS).map(
    (kind) => Prisma.sql`(SELECT count(*) FROM (${selectStranded(kind)} LIMIT ${MOST}) AS kind)`,
  )
  const [row] = await prisma().$queryRaw<[{ stranded: number; mended: number }]>`
    SELECT (${Prisma.join(counts, ' + ')})::int AS stranded, coalesce((SELECT mended FROM "Sweep"), 0) AS mended`
  return row
})
