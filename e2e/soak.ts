/*
 * npm run soak -- --minutes 10 --seed 42
 *
 * How much can it take? People sign up while everything around them is killed, cut, locked and restarted at random, with
 * the settings of production and in other zones than UTC. In the end every signup that was answered must have got one mail, and nothing else may have happened.
 */
import { parseArgs } from 'node:util'
import { AS_IN_PRODUCTION } from './as-in-production'
import { watchStatuses } from './faults/oracle'
import { surviveStorm } from './faults/storm'
import { startStack } from './stack'

const { values } = parseArgs({ options: { minutes: { type: 'string' }, seed: { type: 'string' } } })
const minutes = Number(values.minutes ?? 1)
const seed = Number(values.seed ?? Math.floor(Math.random() * 1_000_000))
if (!(minutes > 0) || !Number.isInteger(seed)) {
  console.error('Give --minutes as a positive number and --seed as an integer.')
  process.exit(2)
}

console.log(`${minutes} min with --seed ${seed}`)
// Postgres takes its zone from here, too.
const stack = await startStack(`soak-${seed}`, [], { ...AS_IN_PRODUCTION, TZ: 'Asia/Tokyo' })
await watchStatuses(stack)
const started = Date.now()
const { toll, faults } = await surviveStorm(stack, { minutes, seed })
console.log(`\nAt rest after ${Math.round((Date.now() - started) / 1000)} s. Survived:`)
for (const [what, times] of Object.entries(toll).sort()) console.log(`${String(times).padStart(6)}  ${what}`)
console.log(faults.length === 0 ? '\nEvery promise was kept.' : `\nNOT survived:\n${faults.join('\n')}`)
await stack.stop()
process.exit(faults.length === 0 ? 0 : 1)
