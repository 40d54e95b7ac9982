/*
 * npm run waiting                    which mails wait, by kind
 * npm run waiting -- drop <kind>     gives them up: they are not sent, and their tickets say so
 * npm run waiting -- render <kind>   has them rendered by the template of today
 *
 * `all` is every kind. --after and --before choose by when they were queued: a time in ISO 8601, or 90m, 2h, 3d ago.
 */
import { parseArgs } from 'node:util'
import { databaseNow } from '@/lib/db/clock'
import { reachDatabase } from '@/lib/db/find-database'
import { requireEnv } from '@/lib/env'
import { readPause } from '@/lib/ops/health'
import { type Choice, countWaiting, dropWaiting, renderWaiting } from '@/lib/ops/waiting'

const MINUTES: Record<string, number> = { m: 1, h: 60, d: 24 * 60 }

function fail(reason: string): never {
  console.error(reason)
  process.exit(2)
}

async function readTime(text: string | undefined): Promise<Date | undefined> {
  if (text === undefined) return
  const [, count, unit = ''] = /^(\d+)([mhd])$/.exec(text) ?? []
  const time = count
    ? (await databaseNow()) - Number(count) * (MINUTES[unit] ?? 1) * 60_000
    : Date.parse(text)
  if (Number.isNaN(time)) fail(`Not a time: ${text}. Write 2026-11-28T09:00:00Z, or 90m, 2h, 3d`)
  return new Date(time)
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { after: { type: 'string' }, before: { type: 'string' } },
})
const [order, kind] = positionals
if (order && !(['drop', 'render'].includes(order) && kind))
  fail('Usage: npm run waiting, npm run waiting -- drop KIND, or npm run waiting -- render KIND')
await reachDatabase()
requireEnv(['DATABASE_POOL_SIZE'])
const choice: Choice = {
  kind: kind === 'all' ? undefined : kind,
  after: await readTime(values.after),
  before: await readTime(values.before),
}
if (!order) {
  const rows = await countWaiting()
  for (const { kind, mails, written, oldest } of rows)
    console.log(`${kind}: ${mails}, the oldest since ${oldest.toISOString()}; ${written} of them in a batch`)
  if (rows.length === 0) console.log('No mail waits.')
  process.exit(0)
}

if ((await readPause())?.until !== null)
  console.log('Mail is not stopped, so some may go out meanwhile: npm run pause')
const { changed, inDoubt } = order === 'drop' ? await dropWaiting(choice) : await renderWaiting(choice)
console.log(
  order === 'drop'
    ? `${changed} dropped. To send them all the same: npm run redrive -- --reason dropped_by_operator`
    : `${changed} are rendered by the template that the workers have when their turn comes.`,
)
if (inDoubt.length > 0) {
  console.log(
    `Left alone: ${inDoubt.length}, which Resend may have accepted. They go out as they were written, under their key:`,
  )
  for (const { id, batchId } of inDoubt) console.log(`${id}  in batch ${batchId}`)
}
process.exit(0)
