// See docs/operations.md, "A queue was renamed or deleted".

import { reachDatabase } from '@/lib/db/find-database'
import { prisma } from '@/lib/db/prisma'
import { Prisma } from '@/lib/generated/prisma/client'
import { fail, readArguments } from '@/lib/ops/arguments'
import { explainUnserved, isForDeadLetters, isServed, moveQueue, readQueueState } from '@/lib/ops/queue-state'
import { openQueue } from '@/lib/queue'

/** The number of arguments, by the first one. */
const LENGTHS: Record<string, number> = { '': 0, delete: 2, move: 3 }
const { positionals } = readArguments('npm run queues [-- move OLD NEW | -- delete OLD]', {}, (words) => {
  return words.length === LENGTHS[words[0] ?? '']
})
const [action, from = '', to = ''] = positionals
await reachDatabase()

type Row = { name: string; waiting: number; active: number; failed: number }
// The last condition is that of pg-boss's index job_i14.
const count = (states: string[]): Prisma.Sql => Prisma.sql`(
  SELECT count(*)::int FROM pgboss.job
  WHERE job.name = queue.name AND state = ANY (${states}::pgboss.job_state[]) AND state IN ('created', 'retry', 'active', 'failed'))`
const rows = await prisma().$queryRaw<Row[]>`
  SELECT name, ${count(['created', 'retry'])} AS waiting, ${count(['active'])} AS active, ${count(['failed'])} AS failed
  FROM pgboss.queue WHERE NOT starts_with(name, '__pgboss__') ORDER BY name`
const row = rows.find(({ name }) => name === from)

if (!action) {
  console.table(Object.fromEntries(rows.map(({ name, ...counts }) => [name, counts])))
  const { unserved } = await readQueueState()
  for (const sentences of explainUnserved(unserved)) console.log(sentences.join(' '))
} else if (!row) {
  fail(`There is no queue "${from}". The queues are: ${rows.map(({ name }) => name).join(', ')}`)
} else if (action === 'move') {
  if (!isServed(to)) fail(`The queue "${to}" is not in lib/queue.ts`)
  if (to === from) fail(`Both names are "${from}".`)
  if (isForDeadLetters(to)) fail(`The queue "${to}" is for jobs that were given up: it would not run these.`)
  const { moved, unfit } = await moveQueue(from, to)
  console.log(`${moved} of ${moved + unfit} moved from "${from}" to "${to}".`)
  if (unfit > 0) console.log(`The data of ${unfit} does not fit "${to}": look at it in pgboss.job.`)
  if (row.active > 0) console.log(`An older worker still runs ${row.active}.`)
} else {
  if (isServed(from)) fail(`The queue "${from}" is in lib/queue.ts: remove it there and deploy that first.`)
  await (await openQueue()).deleteQueue(from)
  console.log(`Deleted "${from}" with ${row.waiting + row.active + row.failed} jobs that were not completed.`)
}
process.exit(0)
