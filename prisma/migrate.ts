/*
 * npm run migrate
 *
 * Brings a database up to date: the tables, pg-boss's own schema, and the queues. Safe to run again, and by several
 * processes at once.
 */
import { Client } from 'pg'
import { env } from '../lib/env'
import { createBoss, QUEUES } from '../lib/queue'
import { applyMigrations } from './engine'

// 1. One at a time: the others wait here, and then find everything done.
const lock = new Client({ connectionString: env('DATABASE_URL') })
await lock.connect()
await lock.query("SELECT pg_advisory_lock(hashtext('migrate'))")

// 2. The tables.
const applied = await applyMigrations(env('DATABASE_URL'))
console.log(applied.length > 0 ? `Applied ${applied.join(', ')}.` : 'No migration to apply.')

// 3. pg-boss's schema, and the queues with their options.
const boss = createBoss({ supervise: false })
await boss.start()
for (const [name, { options }] of Object.entries(QUEUES)) {
  await boss.createQueue(name, options)
  // createQueue leaves an existing queue as it is.
  await boss.updateQueue(name, options)
}
await boss.stop()
console.log(`Queues: ${Object.keys(QUEUES).join(', ')}.`)

await lock.end()
process.exit(0)
