/*
 * npm run soak -- --minutes 10 --seed 42
 *
 * How much can it take? People sign up while everything around them is killed, cut, locked and restarted at random, with
 * the settings of production and in other zones than UTC. In the end every signup that was answered must have got one mail, and nothing else may have happened.
 *
 * npm run soak -- --interleavings --minutes 60 --seed 42
 *
 * Many short runs instead, each with commands drawn by its own seed: see faults/interleavings.ts. With --runs 1, only
 * the run of this seed. Some locks are held for up to 45 s, which outlives all timeouts together: with --lock-seconds 2,
 * there are more runs in the same time.
 */
import { readArguments } from '../../lib/ops/arguments'
import { AS_IN_PRODUCTION } from '../as-in-production'
import { tryInterleavings } from '../faults/interleavings'
import { watchStatuses } from '../faults/oracle'
import { surviveStorm, type Toll } from '../faults/storm'
import { startStack } from '../stack'
import { isPositive, readNumber } from './read-number'

const USAGE = 'npm run soak [-- --minutes N] [--seed N] [--interleavings [--runs N] [--lock-seconds N]]'
const { values } = readArguments(USAGE, {
  minutes: { type: 'string', default: '1' },
  seed: { type: 'string', default: `${Math.floor(Math.random() * 1_000_000)}` },
  interleavings: { type: 'boolean', default: false },
  runs: { type: 'string', default: '1000000' },
  'lock-seconds': { type: 'string', default: '45' },
})
const minutes = readNumber(USAGE, '--minutes', values.minutes, isPositive)
const seed = readNumber(USAGE, '--seed', values.seed, Number.isSafeInteger)
const maxRuns = readNumber(USAGE, '--runs', values.runs)
const lockSeconds = readNumber(USAGE, '--lock-seconds', values['lock-seconds'], isPositive)

console.log(`${minutes} min with --seed ${seed}`)
// Postgres takes its zone from here, too.
const stack = await startStack(`soak-${seed}`, [], { ...AS_IN_PRODUCTION, TZ: 'Asia/Tokyo' })
await watchStatuses(stack)
const started = Date.now()
const { toll, faults } = await (values.interleavings ? interleave() : surviveStorm(stack, { minutes, seed }))
console.log(`\nAt rest after ${Math.round((Date.now() - started) / 1000)} s. Survived:`)
for (const [what, times] of Object.entries(toll).sort()) console.log(`${String(times).padStart(6)}  ${what}`)
console.log(faults.length === 0 ? '\nEvery promise was kept.' : `\nNOT survived:\n${faults.join('\n')}`)
await stack.stop()
process.exit(faults.length === 0 ? 0 : 1)

async function interleave(): Promise<{ toll: Toll; faults: string[] }> {
  const end = started + minutes * 60_000
  const goesOn = (runs: number): boolean => runs < maxRuns && Date.now() < end
  const settings = {
    seed,
    goesOn,
    maxCommands: 40,
    maxLockMs: lockSeconds * 1000,
    shrinkMs: 300_000,
    log: console.log,
  }
  return await tryInterleavings(stack, settings)
}
