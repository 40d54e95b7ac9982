// See prisma-time-zone.md. Anywhere else: npm install @prisma/adapter-pg
// DATABASE_URL=postgresql://… node prisma-time-zone.mjs
import { PrismaPg } from '@prisma/adapter-pg'

const MOMENT = '2026-01-01T12:00:00.000Z'
// As Prisma describes the argument of a model's column DateTime @db.Timestamptz.
const asTimestamptz = { scalarType: 'datetime', arity: 'scalar', dbType: 'TIMESTAMPTZ' }

/** Returns what Postgres understands of a Date, and what Prisma reads of a time that Postgres knows, both in UTC. */
async function run(timeZone) {
  const options = `-c timezone=${timeZone}`
  const adapter = await new PrismaPg({ connectionString: process.env.DATABASE_URL, options }).connect()
  const query = async (sql, args, argTypes) => (await adapter.queryRaw({ sql, args, argTypes })).rows[0][0]

  const inUtc = `to_char($1::timestamptz AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`
  const written = await query(`SELECT ${inUtc}`, [new Date(MOMENT)], [asTimestamptz])
  const read = new Date(await query(`SELECT '${MOMENT}'::timestamptz`, [], [])).toISOString()
  await adapter.dispose()
  return { written, read }
}

const seen = []
for (const timeZone of ['UTC', 'Asia/Tokyo', 'America/Los_Angeles']) {
  const { written, read } = await run(timeZone)
  console.log(`timezone=${timeZone}: writes ${written}, reads ${read}. Expected: ${MOMENT}, twice.`)
  seen.push(written, read)
}
const isAsDescribed =
  seen.join() ===
  [
    ...[MOMENT, MOMENT],
    ...['2026-01-01T03:00:00.000Z', '2026-01-01T21:00:00.000Z'],
    ...['2026-01-01T20:00:00.000Z', '2026-01-01T04:00:00.000Z'],
  ].join()
console.log(isAsDescribed ? 'As described.' : 'NOT as described: see the page.')
process.exitCode = isAsDescribed ? 0 : 1
