/*
 * npm run bench
 * npm run bench -- --quick                  small numbers, to see whether it runs
 * npm run bench -- --only crowd --mails 500
 * npm run bench -- --only promises          the correctness race: not how fast, but who gets a mail. 15 to 20 minutes
 * npm run bench -- --only atomic            does e2e/maintenance/bench/atomic.mjs find what it should? A minute
 * npm run bench -- --only promises --contenders this-app,bullmq-tuned --faults crash,limit --repeats 1
 *
 * How fast is it? All figures of one run come from the same production build, database and machine. The mail service
 * answers at once, so that what is left is ours. Nothing else should keep the machine busy.
 */

import { type Stack, startStack } from '../stack'
import { checkAtomic } from './bench/atomic-check'
import { measureBusy } from './bench/busy'
import { measureBytes } from './bench/bytes'
import { measureCrowd, measureSender } from './bench/crowd'
import { measureLone } from './bench/lone'
import { measurePromises } from './bench/promises'
import { measureReports } from './bench/reports'
import { measureRivals } from './bench/rivals'
import { measureRoom } from './bench/room'
import { measureSignup } from './bench/signup'
import { readOptions, type Sizes } from './bench/sizes'
import { measureStreams } from './bench/streams'
import { type Findings, printTable } from './bench/table'
import { measureTracing } from './bench/tracing'

const SECTIONS = {
  signup: measureSignup,
  lone: measureLone,
  crowd: measureCrowd,
  sender: measureSender,
  rivals: measureRivals,
  reports: measureReports,
  busy: measureBusy,
  streams: measureStreams,
  bytes: measureBytes,
  tracing: measureTracing,
  room: measureRoom,
}

/** Only when they are named: they take long, and measure no speed. */
const OTHERS = {
  atomic: checkAtomic,
  promises: (stack: Stack, sizes: Sizes) => measurePromises(stack, sizes, race),
}

// 1. What to measure.
const { only, sizes, race } = readOptions(
  [...Object.keys(SECTIONS), ...Object.keys(OTHERS)],
  Object.keys(SECTIONS),
)

// 2. An installation of its own.
const stack = await startStack('bench')

// 3. One section after the other. Each begins with an empty database and fair weather, and stops what it has started.
const findings: Findings[] = []
for (const [name, measure] of Object.entries({ ...SECTIONS, ...OTHERS })) {
  if (!only.includes(name)) continue
  const started = Date.now()
  try {
    findings.push(...[await measure(stack, sizes)].flat())
  } catch (error) {
    console.error(`${name}:`, error)
    process.exitCode = 1
  }
  console.log(`${name}: ${Math.round((Date.now() - started) / 1000)} s`)
}

// 4. The table.
await stack.stop()
printTable(findings)
process.exit()
