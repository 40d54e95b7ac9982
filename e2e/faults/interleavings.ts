import { setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import type { Stack } from '../stack'
import { anyCommands, type Limits, type Model } from './commands'
import { countDeadlocks, judgePeople } from './judge'
import { findHalves, isOpenJob, untilSettled } from './oracle'
import { misuseKey, type Person, replay } from './people'
import { OPERATOR_TOKEN, World } from './world'

/** How long everything may take to come to rest after the last command. */
const PATIENCE_MS = 120_000

type Settings = Limits & {
  /** The seed of the first run. Each further one adds 1. */
  seed: number
  maxCommands: number
  /** Whether another run is begun. */
  goesOn: (runs: number) => boolean
  /** How long it looks for a shorter list of commands that fails as well, in ms. */
  shrinkMs: number
  log?: (line: string) => void
}

export type Result = {
  runs: number
  /** How often each thing happened. */
  toll: Record<string, number>
  /** The runs that failed, each with its seed and its commands. */
  faults: string[]
}

/**
 * Lets things happen in an order that is drawn by chance: people sign up and change their minds while everything around
 * them is killed, frozen, locked and cut. After each run everything has to come to rest, and every promise is judged.
 * A run is repeated by its seed: the same commands in the same order, though not at the same nanosecond.
 */
export async function tryInterleavings(stack: Stack, settings: Settings): Promise<Result> {
  const { seed, maxCommands, goesOn, shrinkMs, log = () => {} } = settings
  const toll: Record<string, number> = {}
  const failures: string[] = []
  let world = await World.open(stack, toll)
  let deadlocks = await countDeadlocks(stack)
  let runs = 0
  for (; goesOn(runs); runs++) {
    let stopShrinkingAt = Number.POSITIVE_INFINITY
    const property = fc.asyncProperty(anyCommands(settings, maxCommands), async (commands) => {
      // Shrinking ends when no shorter list fails.
      if (performance.now() > stopShrinkingAt) return
      const faults = await runCommands(world, commands)
      const found = await countDeadlocks(stack)
      if (found > deadlocks) faults.push(`${found - deadlocks} deadlocks`)
      deadlocks = found
      if (faults.length === 0) return
      log(`With --seed ${seed + runs}:\n  ${list(commands)}\nfails:\n  ${faults.join('\n  ')}`)
      stopShrinkingAt = Math.min(stopShrinkingAt, performance.now() + shrinkMs)
      await stack.reset()
      world = await World.open(stack, toll)
      throw new Error(faults.join('\n  '))
    })
    const start = performance.now()
    const options = { seed: seed + runs, numRuns: 1, unbiased: true, endOnFailure: shrinkMs === 0 }
    const { failed, counterexample, errorInstance } = await fc.check(property, options)
    log(`--seed ${seed + runs}: ${failed ? 'FAILED' : 'kept'} in ${Math.round(performance.now() - start)} ms`)
    if (failed)
      failures.push(`--seed ${seed + runs}, shortened to\n  ${list(counterexample?.[0])}\n${errorInstance}`)
  }
  return { runs, toll, faults: failures }
}

/** Runs the commands, repairs everything, waits for the rest and judges. @returns what is wrong, as sentences */
async function runCommands(
  world: World,
  commands: Iterable<fc.AsyncCommand<Model, World>>,
): Promise<string[]> {
  await world.empty()
  const model: Model = { people: [], locks: 0, frozen: new Set() }
  const watch = startWatch(world)
  await fc.asyncModelRun(() => ({ model, real: world }), commands)
  await world.repair()
  const isAtRest = await comeToRest(world)
  await watch.stop()
  for (const fault of await judgePeople(world.stack, model.people)) world.fault(fault)
  if (isAtRest) await askAgain(world, model.people)
  world.count('runs')
  world.count('mails judged', model.people.length)
  return world.faults
}

/** Looks all the time for states that must never exist. While a table is locked, this waits as well. */
function startWatch(world: World): { stop(): Promise<void> } {
  let isStopped = false
  const watching = (async () => {
    while (!isStopped) {
      for (const fault of await findHalves(world.stack)) world.fault(fault)
      await sleep(100)
    }
  })()
  return {
    async stop() {
      isStopped = true
      await watching
    },
  }
}

async function comeToRest(world: World): Promise<boolean> {
  const { stack } = world
  const hurry = setInterval(() => void world.hurry().catch(() => {}), 500)
  const rest = async (): Promise<boolean> => {
    if (!(await world.untilQuiet(PATIENCE_MS))) return false
    const patience = sleep(PATIENCE_MS, false, { ref: false })
    return await Promise.race([untilSettled(stack).then(() => true), patience])
  }
  try {
    if (!(await rest())) return await tellUnrest(world)
    // Redrives the mails that were given up in bad weather, as an operator would.
    const failed = await stack.query(`SELECT FROM "Email" WHERE status = 'failed'`)
    if (failed.length === 0) return true
    world.count('given up, and redriven', failed.length)
    await stack.redrive()
    return (await rest()) || (await tellUnrest(world))
  } finally {
    clearInterval(hurry)
  }
}

async function tellUnrest(world: World): Promise<false> {
  const left = await world.stack.query(
    `SELECT concat_ws(' ', 'email', id, status, "batchId") AS what FROM "Email"
     WHERE status IN ('queued', 'sending', 'retrying', 'sent')
     UNION ALL SELECT concat_ws(' ', 'job', name, state, data, output) FROM pgboss.job WHERE ${isOpenJob}`,
  )
  world.fault(`not at rest after ${PATIENCE_MS / 1000} s: ${JSON.stringify([...world.listOpen(), ...left])}`)
  return false
}

/** Checks that each key still answers as it did, and that nothing had to be repaired. */
async function askAgain(world: World, people: Person[]): Promise<void> {
  for (const person of people) {
    world.begin('the last replay', replay(world, person))
    world.begin('the last misuse', misuseKey(world, person))
  }
  const init = { headers: { authorization: `Bearer ${OPERATOR_TOKEN}` } }
  await world.ask('health', '/api/health', init, ({ text }) => {
    const { stranded, repaired } = JSON.parse(text)
    if (stranded !== 0 || repaired !== 0)
      world.fault(`health says ${stranded} stranded, ${repaired} repaired`)
    return true
  })
  if (!(await world.untilQuiet(PATIENCE_MS))) world.fault('the last replays are not answered')
}

/** The commands that were run, one a line. */
function list(commands: unknown): string {
  return String(commands).replaceAll(',', '\n  ')
}
