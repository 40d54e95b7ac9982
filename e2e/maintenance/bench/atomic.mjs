/*
 * Is your transaction really atomic? Holds a lock while requests go on, then looks for rows without their partners.
 * It needs Node and the package pg, and nothing of this project: copy it. See docs/atomic.md.
 *
 * node atomic.mjs --lock '"User"' --mode 'ACCESS EXCLUSIVE' \
 *   --request 'POST http://localhost:3000/api/users {"name":"Ada","email":"{id}@example.com"}' \
 *   --rows '"User".id' --partners '"Email"."userId"'
 */
import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import pg from 'pg'

const USAGE = `Usage: node atomic.mjs --lock TABLE --rows ROWS --partners ROWS [--rows … --partners …]
  (--request 'METHOD URL [BODY]' | --command SHELL)   what to repeat; {id} is a new UUID each time
  ROWS                a column ('"User".id'), or a query that returns one ('SELECT …')
  --database URL      unless DATABASE_URL is set
  --mode MODE         of the lock: SHARE as CREATE INDEX takes it (default), 'ACCESS EXCLUSIVE' as ALTER TABLE
  --hold SECONDS      how long (30)
  --every SECONDS     between two requests (2): slowly, or the pool is exhausted at once and hides the fault
  --type MEDIA_TYPE   of the body (application/json)
Never against a database that people use: it stands still for as long as the lock is held.`

const { values: options } = parseArgs({
  options: {
    database: { type: 'string', default: process.env.DATABASE_URL },
    lock: { type: 'string' },
    mode: { type: 'string', default: 'SHARE' },
    hold: { type: 'string', default: '30' },
    every: { type: 'string', default: '2' },
    request: { type: 'string' },
    command: { type: 'string' },
    type: { type: 'string', default: 'application/json' },
    rows: { type: 'string', multiple: true, default: [] },
    partners: { type: 'string', multiple: true, default: [] },
  },
})
const { database, lock, mode, request, command, rows, partners } = options
const [hold, every] = [Number(options.hold), Number(options.every)]
const pairs = rows.map((row, i) => [row, partners[i]])
if (
  !database ||
  !lock ||
  !(hold > 0 && every > 0) ||
  !(request || command) ||
  rows.length === 0 ||
  rows.length !== partners.length
) {
  console.error(USAGE)
  process.exit(2)
}

/** Before the lock and after it, so that connections are warm, and what was queued gets its turn. */
const BEFORE_S = 5
const AFTER_S = 15
const PATIENCE_MS = 120_000

const client = new pg.Client({ connectionString: database })
await client.connect()
const old = await findHalves()

// 1. Requests go on all the time.
const answers = new Map()
const underWay = []
const timer = setInterval(() => underWay.push(ask()), every * 1000)

// 2. In the middle of it, the lock.
await sleep(BEFORE_S * 1000)
await client.query('BEGIN')
await client.query(`LOCK TABLE ${lock} IN ${mode} MODE`)
console.log(`${lock} is locked (${mode}) for ${hold} s.`)
await sleep(hold * 1000)
await client.query('ROLLBACK')
console.log('Released.')

// 3. What waited gets its turn.
await sleep(AFTER_S * 1000)
clearInterval(timer)
await Promise.all(underWay)
await sleep(1_000)

// 4. What is there now that was not there before, and has no partner?
const halves = (await findHalves()).filter((half) => !old.includes(half))
await client.end()
for (const [answer, count] of [...answers].sort()) console.log(`${String(count).padStart(6)} × ${answer}`)
for (const half of halves) console.log(`HALF: ${half}`)
console.log(
  halves.length === 0
    ? 'No row without its partner. Try the other tables of the transaction, and the other mode.'
    : `${halves.length} rows without their partners: this transaction is not atomic.`,
)
process.exit(halves.length === 0 ? 0 : 1)

/** Rows without a partner, and partners without a row, each as a line of text. */
async function findHalves() {
  const found = []
  for (const pair of pairs) {
    for (const [some, others] of [pair, pair.toReversed()]) {
      const sql = `SELECT key::text FROM (${toQuery(some)}) AS some (key)
        WHERE key::text NOT IN (SELECT key::text FROM (${toQuery(others)}) AS others (key) WHERE key IS NOT NULL)`
      const { rows } = await client.query(sql)
      found.push(...rows.map(({ key }) => `${key} is in ${some}, and not in ${others}`))
    }
  }
  return found
}

function toQuery(rows) {
  if (/^\s*(select|with|values)\b/i.test(rows)) return rows
  const [, table, column] = /^(.+)\.([^.]+)$/.exec(rows) ?? []
  return `SELECT ${column} FROM ${table}`
}

async function ask() {
  const id = randomUUID()
  const answer = await (request ? sendRequest(id) : runCommand(id)).catch((error) => error.name)
  answers.set(answer, (answers.get(answer) ?? 0) + 1)
}

async function sendRequest(id) {
  const [, method, url, body] = /^(\S+)\s+(\S+)\s*(.*)$/s.exec(request.replaceAll('{id}', id)) ?? []
  const response = await fetch(url, {
    method,
    headers: body ? { 'content-type': options.type } : {},
    body: body || undefined,
    signal: AbortSignal.timeout(PATIENCE_MS),
  })
  await response.arrayBuffer()
  return `${response.status}`
}

async function runCommand(id) {
  const child = spawn(command.replaceAll('{id}', id), { shell: true, stdio: 'ignore' })
  const [code] = await once(child, 'close')
  return `exit ${code}`
}
