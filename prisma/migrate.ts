/*
 * npm run migrate
 *
 * Brings a database up to date: the tables, pg-boss's schema, and the queues. Several processes may run it at once.
 */

import { connectionConfig, SafeClient } from '../lib/db/connection'
import { findDatabase } from '../lib/db/find-database'
import { reasonOf } from '../lib/log'
import { readArguments } from '../lib/ops/arguments'
import { explainUnserved, readQueueState } from '../lib/ops/queue-state'
import { applyMigrations } from './engine'
import { createQueues } from './queues'

/** Prints the reason without a stack and exits. */
function fail(reason: string): never {
  console.error(reason)
  process.exit(1)
}

readArguments('npm run migrate', {})

// 1. A lock. Other processes wait here and then find everything done.
const databaseUrl = findDatabase()
const lock = new SafeClient(connectionConfig(0, databaseUrl))
await lock.connect().catch((error) => fail(`The database does not answer: ${reasonOf(error)}`))
await lock.query("SELECT pg_advisory_lock(hashtext('migrate'))")

// 2. The tables.
const applied = await applyMigrations(databaseUrl).catch((error) => fail(`Not applied: ${reasonOf(error)}`))
console.log(applied.length > 0 ? `Applied ${applied.join(', ')}.` : 'No migration to apply.')

// 3. pg-boss's schema, and the queues with their options.
const queues = await createQueues().catch((error) => fail(`No queues: ${reasonOf(error)}`))
console.log(`Queues: ${queues.join(', ')}.`)
const { unserved } = await readQueueState()
for (const sentences of explainUnserved(unserved)) console.warn(sentences.join(' '))

await lock.end()
process.exit(0)
