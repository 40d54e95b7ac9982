import { setTimeout as sleep } from 'node:timers/promises'
import fc, { type AsyncCommand } from 'fast-check'
import { correct, erase, misuseKey, type Person, replay, reportOn, signUp } from './people'
import { countCalls } from './steps'
import { SLOTS, type SlotName, type World } from './world'

/** The requests of the commands so far. It decides which commands make sense, and knows no outcomes. */
export type Model = { people: Person[]; locks: number; frozen: Set<SlotName> }

type Command = AsyncCommand<Model, World>

/** The longest time that a command holds a lock or freezes a process. */
export type Limits = { maxLockMs: number }

const TABLES = [
  'User',
  'Email',
  'EmailEvent',
  'Batch',
  'Pace',
  'Session',
  'SpentKey',
  'RateLimit',
  'Sweep',
  'CleanUp',
]
// For jobs, the partition itself: LOCK locks a parent before its partition, and pg-boss's inserts lock the partition first.
const LOCKABLE = [...TABLES.map((table) => `"${table}"`), 'pgboss.job_common']
/** The lock modes of CREATE INDEX and of ALTER TABLE, and one that blocks only row locks and changes. */
const LOCK_MODES = ['SHARE', 'ACCESS EXCLUSIVE', 'EXCLUSIVE']
const MODES = [
  ...['ok', 'ok', 'outage', 'rate-limit', 'hang', 'garbage'],
  ...['reset-after-accept', 'reset-after-accept', 'invalid', 'bad-key'],
]
const REPORTS = [
  'email.sent',
  'email.delivered',
  'email.delivery_delayed',
  'email.bounced',
  'email.complained',
]

const HOUR_MS = 3_600_000

/** A sequence of commands. Each begins something and leaves it to go on, so that the next ones fall into it. */
export function anyCommands({ maxLockMs }: Limits, maxCommands: number) {
  const person = fc.nat({ max: 99 })
  const slot = fc.constantFrom(...SLOTS)
  const kinds: [weight: number, arbitrary: fc.Arbitrary<Command>][] = [
    [4, fc.tuple(fc.integer({ min: 1, max: 8 }), fc.boolean()).map((args) => signUpMany(...args))],
    [2, person.map((who) => forPerson('replay', who, replay))],
    [1, person.map((who) => forPerson('misuse the key', who, misuseKey))],
    [2, person.map((who) => forPerson('erase', who, erase))],
    [2, person.map((who) => forPerson('correct', who, correct))],
    [2, fc.tuple(person, fc.constantFrom(...REPORTS)).map(([who, type]) => reportAbout(who, type))],
    [
      4,
      fc
        .tuple(
          fc.constantFrom(...LOCKABLE),
          fc.constantFrom(...LOCK_MODES),
          fc.oneof(
            { weight: 3, arbitrary: fc.integer({ min: 100, max: 2_000 }) },
            fc.integer({ min: 100, max: maxLockMs }),
          ),
        )
        .map((args) => lock(...args)),
    ],
    [1, fc.constant(release)],
    [2, fc.tuple(slot, fc.constantFrom('SIGKILL', 'SIGTERM')).map((args) => kill(...args))],
    [1, slot.map(freeze)],
    [1, slot.map(thaw)],
    [2, fc.integer({ min: 1, max: 12 }).map(cut)],
    [2, fc.tuple(fc.constantFrom(...MODES), fc.nat({ max: 300 })).map((args) => setWeather(...args))],
    [1, fc.integer({ min: 100, max: 2_000 }).map(pause)],
    [1, fc.tuple(slot, fc.integer({ min: -5, max: 5 })).map((args) => stepClock(...args))],
    [2, fc.constant(hurry)],
    [6, fc.oneof(fc.nat({ max: 400 }).map(letPass), fc.constantFrom(untilCall, untilBlocked, untilBatch))],
  ]
  const weighted = kinds.flatMap(([weight, arbitrary]) => Array<typeof arbitrary>(weight).fill(arbitrary))
  return fc.commands(weighted, { maxCommands, size: 'max', disableReplayLog: true })
}

function command(
  name: string,
  run: (world: World, model: Model) => unknown,
  check: (model: Model) => boolean = () => true,
): Command {
  return {
    check,
    toString: () => name,
    run: async (model, world) => void (await run(world, model)),
  }
}

function signUpMany(count: number, bounces: boolean): Command {
  return command(`sign up ${count}${bounces ? ' whose mails come back' : ''}`, (world, { people }) => {
    for (let more = count; more > 0; more--) people.push(signUp(world, bounces))
  })
}

function forPerson(
  what: string,
  number: number,
  act: (world: World, person: Person) => Promise<void>,
): Command {
  return command(
    `${what} (${number})`,
    (world, { people }) => world.begin(what, act(world, people[number % people.length] as Person)),
    ({ people }) => people.length > 0,
  )
}

function reportAbout(number: number, type: string): Command {
  return forPerson(`report ${type}`, number, (world, person) => reportOn(world, person, type))
}

function lock(table: string, mode: string, ms: number): Command {
  return command(
    `lock ${table} in ${mode} mode for ${ms} ms`,
    (world, model) => {
      model.locks++
      return world.lock(table, mode, ms)
    },
    // Each lock has a connection of its own and waits for nothing, so that locks alone are never in a deadlock.
    ({ locks }) => locks < 3,
  )
}

const release = command(
  'release the oldest lock',
  (world, model) => {
    model.locks--
    return world.release()
  },
  ({ locks }) => locks > 0,
)

function kill(slot: SlotName, signal: 'SIGKILL' | 'SIGTERM'): Command {
  return command(`kill ${slot} with ${signal}`, (world, { frozen }) => {
    frozen.delete(slot)
    world.kill(slot, signal)
  })
}

function freeze(slot: SlotName): Command {
  return command(
    `freeze ${slot}`,
    (world, { frozen }) => {
      frozen.add(slot)
      world.freeze(slot)
    },
    ({ frozen }) => !frozen.has(slot),
  )
}

function thaw(slot: SlotName): Command {
  return command(
    `thaw ${slot}`,
    (world, { frozen }) => {
      frozen.delete(slot)
      world.thaw(slot)
    },
    ({ frozen }) => frozen.has(slot),
  )
}

function cut(count: number): Command {
  return command(`cut ${count} connections`, (world) => world.cut(count))
}

function setWeather(mode: string, latencyMs: number): Command {
  return command(`mail service: ${mode} after ${latencyMs} ms`, async (world) => {
    await world.stack.setProvider({ mode, latencyMs })
    world.count(`mail service: ${mode}`)
  })
}

/** Moves the next turn of all workers into the future. The row may be locked at this moment. */
function pause(ms: number): Command {
  return command(`pause for ${ms} ms`, (world) => {
    world.begin(
      'pause',
      world.stack.query(
        `INSERT INTO "Pace" (account, "nextTurnAt", reason) VALUES ('resend', now() + $1 * interval '1 ms', 'outage')
         ON CONFLICT (account) DO UPDATE SET "nextTurnAt" = excluded."nextTurnAt", reason = excluded.reason`,
        [ms],
      ),
    )
    world.count('pauses')
  })
}

function stepClock(slot: SlotName, hours: number): Command {
  return command(`set the clock of ${slot} ${hours} h off`, (world) => world.stepClock(slot, hours * HOUR_MS))
}

/** Ages the workers' heartbeats so that silent workers are taken for dead, and ends all waiting. */
const hurry = command('take the silent for dead', (world) => {
  world.begin('hurry', world.takeSilentForDead())
  world.count('silent taken for dead')
})

function letPass(ms: number): Command {
  return command(`let ${ms} ms pass`, () => sleep(ms))
}

const untilCall = command('wait until the mail service is called', async ({ stack }) => {
  const calls = await countCalls(stack)
  await waitBriefly(async () => (await countCalls(stack)) > calls)
})

const untilBlocked = command('wait until a statement waits for a lock', ({ stack }) =>
  waitBriefly(async () => {
    const waiting = await stack.query(`SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock'`)
    return waiting.length > 0
  }),
)

/** Reads pg_stat_activity, which no lock of a table blocks. */
const untilBatch = command('wait until a worker writes down a batch', ({ stack }) =>
  waitBriefly(async () => {
    const writing = await stack.query(
      `SELECT FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND strpos(query, 'INSERT INTO "public"."Batch"') > 0
         AND state <> 'idle'`,
    )
    return writing.length > 0
  }),
)

/** Waits for a moment in which the next command is of interest, but for a second at most. */
async function waitBriefly(condition: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + 1_000
  while (performance.now() < end && !(await condition())) await sleep(5)
}
