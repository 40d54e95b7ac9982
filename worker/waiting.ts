// See docs/operations.md, "A wrong template went out".
import { z } from 'zod'
import { databaseNow } from '@/lib/db/clock'
import { reachDatabase } from '@/lib/db/find-database'
import { TEMPLATES } from '@/lib/mail/templates'
import { fail, readArguments } from '@/lib/ops/arguments'
import { type Choice, countWaiting, dropWaiting, renderWaiting } from '@/lib/ops/waiting'
import { readPace } from '@/lib/sending/pause'
import { DROPPED } from '@/lib/sending/redrive'

const MINUTES: Record<string, number> = { m: 1, h: 60, d: 24 * 60 }

async function readTime(text: string | undefined): Promise<Date | undefined> {
  if (text === undefined) return
  const [, count, unit = ''] = /^(\d+)([mhd])$/.exec(text) ?? []
  if (count) return new Date((await databaseNow()) - Number(count) * (MINUTES[unit] ?? 1) * 60_000)
  // With a zone: `Date` reads "90" as a year, and a time without a zone in that of this computer.
  if (z.iso.datetime({ offset: true }).safeParse(text).success) return new Date(text)
  return fail(`Not a time: ${text}. Write 2026-11-28T09:00:00Z, or 90m, 2h, 3d`)
}

const { values, positionals } = readArguments(
  'npm run waiting [-- drop KIND|all | -- render KIND|all] [--since TIME] [--until TIME]',
  { since: { type: 'string' }, until: { type: 'string' } },
  (words) => words.length === 0 || (words.length === 2 && ['drop', 'render'].includes(words[0] ?? '')),
)
const [action, kind] = positionals
await reachDatabase()
const choice: Choice = {
  kind: kind === 'all' ? undefined : kind,
  since: await readTime(values.since),
  until: await readTime(values.until),
}
if (!action) {
  const rows = await countWaiting(choice)
  for (const { kind, mails, written, oldest } of rows)
    console.log(`${kind}: ${mails}, the oldest since ${oldest.toISOString()}; ${written} of them in a batch`)
  if (rows.length === 0)
    console.log(choice.since || choice.until ? 'No mail of this time waits.' : 'No mail waits.')
  process.exit(0)
}

if (choice.kind) {
  // A newer version may have queued a kind that this one does not know.
  const kinds = new Set([...Object.keys(TEMPLATES), ...(await countWaiting()).map(({ kind }) => kind)])
  if (!kinds.has(choice.kind)) fail(`There is no kind "${kind}". The kinds are: ${[...kinds].join(', ')}`)
}
if (!(await readPace()).isPausedByOperator)
  console.log('No operator has paused mail, so some may go out meanwhile: npm run pause')
const { changed, inDoubt } = action === 'drop' ? await dropWaiting(choice) : await renderWaiting(choice)
console.log(
  action === 'drop'
    ? `${changed} dropped. To send them all the same: npm run redrive -- --reason ${DROPPED}`
    : `${changed} had been rendered. The workers render them again, with the template that they have.`,
)
if (inDoubt.length > 0) {
  console.log(
    `Left alone: ${inDoubt.length} that Resend may have accepted. They are sent again unchanged, with their idempotency key:`,
  )
  for (const { id, batchId } of inDoubt) console.log(`${id}  in batch ${batchId}`)
}
process.exit(0)
