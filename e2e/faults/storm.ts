import { newAddress } from '../app'
import { OURS, type Process, type Stack } from '../stack'
import { holdLock, LOCK_SECONDS, listTableLocks, PACE_LOCK } from './hold-lock'
import { countRepaired, findRepaired, findUncaught, findWrongTimes } from './judge-production'
import { findFaults, untilSettled } from './oracle'
import { hurry, signUpStubbornly } from './steps'

const CLIENTS = 4
const WORKERS = 2
/** The time zones in which replaced processes start again. */
const ZONES = ['Asia/Tokyo', 'America/Los_Angeles', 'UTC']
/** How long after the storm everything may take to come to rest. */
const PATIENCE_MS = 180_000

/** How often each thing happened. */
export type Toll = Record<string, number>

/**
 * People sign up while worker, web server, Postgres and provider are hurt at random, and what they use is locked for
 * longer than they can wait. Afterwards the weather is fair, and everything has to come to a good end.
 * @param seed the same seed hurts in the same order (though not at the same nanosecond)
 * @returns what was survived, and what was not
 */
export async function surviveStorm(
  stack: Stack,
  { minutes, seed }: { minutes: number; seed: number },
): Promise<{ toll: Toll; faults: string[] }> {
  const toll: Toll = {}
  const faults: string[] = []
  const count = (what: string): void => {
    toll[what] = (toll[what] ?? 0) + 1
  }
  const start = Date.now()
  const end = start + minutes * 60_000

  /** Repeats an action until the storm is over, with pauses between, and random numbers of its own. */
  async function keepDoing(
    actor: number,
    maxPauseMs: number,
    act: (random: Random) => Promise<void>,
  ): Promise<void> {
    const random = createRandom(seed * 100 + actor)
    for (;;) {
      const pause = random.below(maxPauseMs)
      if (Date.now() + pause > end) return
      await new Promise((resolve) => setTimeout(resolve, pause))
      await act(random)
    }
  }

  /** Adds a fault if a process has died by itself, which no trouble around it may cause. */
  function mustRun(name: string, process: Process): void {
    if (!process.isRunning()) faults.push(`${name} died by itself: ${process.output().slice(-2_000)}`)
  }

  /** Kills a process and replaces it. */
  async function hurt(name: string, process: Process, random: Random, start: () => Promise<Process>) {
    const signal = random.pick(['SIGKILL', 'SIGTERM'] as const)
    mustRun(name, process)
    await process.kill(signal)
    count(`${name}: ${signal}`)
    return await startSomehow(name, start)
  }

  /** Retries as a platform does when a program ends while it starts, for example because Postgres is away. */
  async function startSomehow<Kind>(name: string, start: () => Promise<Kind>): Promise<Kind> {
    for (let failures = 0; ; failures++) {
      try {
        return await start()
      } catch (error) {
        count(`${name}: did not start at once`)
        if (failures === 20) throw error
      }
    }
  }

  const startWorker = (TZ = 'UTC') => stack.startWorker({ RETRY_MAX_SECONDS: '2', TZ })
  const { path, upkeep } = await listTableLocks(stack)
  const repairedBefore = await countRepaired(stack)
  await stack.setProvider({ rateLimit: 10 })
  const web = await stack.startWeb()
  const ids: string[] = []
  const invalid = new Set<string>()

  const clients = Array.from({ length: CLIENTS }, (_, number) =>
    keepDoing(number, 2_000, async (random) => {
      count('signups')
      const test = random.pick(['bounced', 'complained', 'suppressed', 'invalid', 'invalid'])
      const isTest = random.below(8) === 0
      const address = isTest ? `${test}+${newAddress().slice(0, 36)}@resend.dev` : newAddress()
      const { id, asked } = await signUpStubbornly(() => random.pick([web.url, stack.appUrl]), address)
      ids.push(id)
      count('answered 201')
      if (isTest && test === 'invalid') {
        invalid.add(id)
        count('invalid addresses')
      }
      for (let again = 1; again < asked; again++) count('asked again with the same key')
    }),
  )
  const workers = Array.from({ length: WORKERS }, async (_, number) => {
    let worker = await startSomehow('worker', () => startWorker())
    await keepDoing(10 + number, 8_000, async (random) => {
      const zone = random.pick(ZONES)
      worker = await hurt('worker', worker, random, () => startWorker(zone))
    })
    mustRun('worker', worker)
  })
  const hurtWeb = async (): Promise<void> => {
    let current: Process = web
    await keepDoing(20, 12_000, async (random) => {
      const env = { TZ: random.pick(ZONES) }
      current = await hurt('web', current, random, () => stack.startWeb({ port: web.port, env }))
    })
    mustRun('web', current)
  }
  // Never both at once: a Postgres that is stopped forgets its locks.
  const hurtPostgres = () =>
    keepDoing(21, 20_000, async (random) => {
      const lock = random.pick([PACE_LOCK, random.pick(path), random.pick(path), random.pick(upkeep)])
      const ms = 1_000 * (LOCK_SECONDS.least + random.below(LOCK_SECONDS.most - LOCK_SECONDS.least))
      if (random.below(3) === 0 && Date.now() + ms < end) {
        const seconds = await holdLock(stack.databaseUrl, lock, ms)
        count('Postgres: locked for 25 s or longer')
        count(lock)
        if (seconds < LOCK_SECONDS.least) faults.push(`${lock} was held for ${seconds} s only`)
        return
      }
      const [signal, word] = random.pick([['SIGINT', 'fast'] as const, ['SIGQUIT', 'immediate'] as const])
      await stack.killPostgres(signal)
      count(`Postgres: stopped ${word}`)
      await stack.untilPostgresIsBack()
    })
  const cutConnections = () =>
    keepDoing(22, 8_000, async () => {
      const cut = await stack
        .query(
          `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
           WHERE datname = current_database() AND application_name <> '${OURS}' ORDER BY random() LIMIT 3`,
        )
        .catch(() => [])
      for (const _ of cut) count('Postgres: connection cut')
    })
  const changeWeather = () =>
    keepDoing(23, 4_000, async (random) => {
      const mode = random.pick([
        ...['ok', 'ok', 'ok', 'ok', 'slow', 'outage', 'rate-limit', 'hang'],
        ...['garbage', 'reset-after-accept', 'reset-after-accept', 'invalid', 'bad-key'],
      ])
      const rateLimit = random.pick([10, 10, 10, 10, 3, 0])
      await stack.setProvider({ mode, latencyMs: random.below(500), rateLimit })
      count(`provider: ${mode}`)
      count(`provider: ${rateLimit || 'any number of'} requests a second`)
    })

  // The last answers need a server, and Postgres must not be left down. So each actor repairs what it has hurt.
  await Promise.all([...clients, ...workers, hurtWeb(), hurtPostgres(), cutConnections(), changeWeather()])

  await stack.setProvider({ mode: 'ok', latencyMs: 20, rateLimit: 10 })
  await startWorker()
  if (!(await settle(stack, count))) faults.push(`not at rest ${PATIENCE_MS / 1000} s after the storm`)
  faults.push(...(await findFaults(stack, ids)), ...(await findRepaired(stack, repairedBefore)))
  faults.push(...(await findWrongTimes(stack, start)))
  faults.push(...findUncaught(stack.output()))
  const { emails } = await stack.setProvider({})
  const ours = ids.map((id) => emails[id] ?? { calls: 0, accepted: 0 })
  toll['mails asked for'] = ours.reduce((sum, { calls }) => sum + calls, 0)
  toll['mails accepted'] = ours.reduce((sum, { accepted }) => sum + accepted, 0)
  if (toll['mails accepted'] > toll['mails asked for']) faults.push('more mails than calls')
  const failed = await stack.query<{ id: string; reason: string }>(
    `SELECT id, (SELECT reason FROM "EmailEvent" WHERE "emailId" = "Email".id ORDER BY id DESC LIMIT 1) AS reason
     FROM "Email" WHERE status = 'failed'`,
  )
  for (const { id, reason } of failed)
    if (!invalid.delete(id) || reason !== 'validation_error') faults.push(`${id}: given up, ${reason}`)
  for (const id of invalid) faults.push(`${id}: not given up, though its address is invalid`)
  return { toll, faults }
}

/**
 * Waits until all is final. Redrives the mails that Resend refused in bad weather, as an operator would. Resend refuses
 * only mails with an invalid address once more.
 * @returns false when it took too long
 */
async function settle(stack: Stack, count: (what: string) => void): Promise<boolean> {
  const patience = new Promise<false>((resolve) => setTimeout(resolve, PATIENCE_MS, false))
  const rest = (): Promise<boolean> => Promise.race([untilSettled(stack).then(() => true), patience])
  return await hurry(stack, async () => {
    if (!(await rest())) return false
    const failed = await stack.query(`SELECT FROM "Email" WHERE status = 'failed'`)
    for (const _ of failed) count('given up, and redriven')
    await stack.redrive()
    return await rest()
  })
}

type Random = {
  /** An integer from 0 up to, but not including, the limit. */
  below(limit: number): number
  pick<Item>(items: readonly Item[]): Item
}

/** Mulberry32: small, and the same on every machine. */
function createRandom(seed: number): Random {
  let state = seed | 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
  const below = (limit: number): number => Math.floor(next() * limit)
  return { below, pick: (items) => items[below(items.length)] as (typeof items)[number] }
}
