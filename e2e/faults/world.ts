import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { Client } from 'pg'
import { type Env, findPort, OURS, type Process, type Stack, WEB_EXIT_CODES, waitFor } from '../stack'
import { type Answer, ask } from './ask'
import { updateJobs } from './steps'

/** The processes that a run can hurt: two web servers and two workers. */
export const SLOTS = ['web 1', 'web 2', 'worker 1', 'worker 2'] as const
export type SlotName = (typeof SLOTS)[number]

export const OPERATOR_TOKEN = 'a-token-of-the-operator'

/** As in production: a key of its own, so that all limits are on. They are too high for a test to reach. */
const PRODUCTION: Env = {
  RESEND_API_KEY: 're_production',
  OPERATOR_TOKEN,
  LOG_FORMAT: 'json',
  RETRY_MAX_SECONDS: '2',
  LIMIT_SIGNUPS_PER_VISITOR: '1000000',
  LIMIT_SIGNUPS_PER_MINUTE: '1000000',
  LIMIT_MAILS_PER_MAILBOX: '1000000',
  LIMIT_MAILS_PER_HOUR: '1000000',
  LIMIT_REQUESTS_PER_VISITOR: '1000000',
  // Low, so that requests wait for their turn.
  LIMIT_CONCURRENCY_PER_VISITOR: '8',
  LIMIT_CONNECTIONS_PER_VISITOR: '1000000',
}

/**
 * How long a client waits for an answer, in ms. Then it asks again, while its first request may still be under way. In fair
 * weather, clients are patient: on a busy machine, they would only add to the crowd.
 */
const PATIENCE_MS = { bad: 3_000, fair: 60_000 }

/** How often a program is started again that ends while it starts, for example because Postgres is away. */
const MAX_STARTS = 20

type Slot = { name: SlotName; process?: Process; isFrozen: boolean; clock: string; start(): Promise<Process> }

type Lock = { release(): Promise<void>; ended: Promise<void> }

/** A client's request without an answer: its address, since when it waits, and the answer before. */
type OpenQuestion = { what: string; url?: URL; since: number; last: string }

/** The environment of a process whose clock is as many ms off as this file says: see shift-clock.mjs. */
export function withClock(file: string): Env {
  const preload = pathToFileURL(path.resolve('e2e/faults/shift-clock.mjs')).href
  return { CLOCK_SHIFT: file, NODE_OPTIONS: `--import=${preload}` }
}

/** The processes, clients and locks of a run, what it has seen, and what it has found wrong. */
export class World {
  readonly #faults = new Set<string>()
  readonly #slots = new Map<SlotName, Slot>()
  readonly #ports = new Map<SlotName, number>()
  /** Actions that clients and the platform have begun and not finished. */
  readonly #underWay = new Set<Promise<void>>()
  readonly #locks: Lock[] = []
  readonly #open = new Set<OpenQuestion>()
  #end = new AbortController()
  #asked = 0
  #weather: keyof typeof PATIENCE_MS = 'bad'

  private constructor(
    readonly stack: Stack,
    /** How often each thing happened, in all runs together. */
    readonly toll: Record<string, number>,
  ) {}

  /** Starts the processes. */
  static async open(stack: Stack, toll: Record<string, number>): Promise<World> {
    const world = new World(stack, toll)
    await Promise.all(SLOTS.map((name) => world.#fill(name)))
    return world
  }

  async #fill(name: SlotName): Promise<void> {
    const { port: database } = new URL(this.stack.databaseUrl)
    const clock = path.resolve('test-results', `clock-${database}-${name.replace(' ', '-')}`)
    await writeFile(clock, '0')
    const env = { ...PRODUCTION, ...withClock(clock) }
    const port = name.startsWith('web') ? await findPort() : 0
    this.#ports.set(name, port)
    const start = () => (port ? this.stack.startWeb({ port, env }) : this.stack.startWorker(env))
    this.#slots.set(name, { name, clock, start, isFrozen: false, process: await start() })
  }

  /** The faults so far, as sentences. Empty as long as all promises are kept. */
  get faults(): string[] {
    return [...this.#faults]
  }

  fault(sentence: string): undefined {
    this.#faults.add(sentence)
  }

  count(what: string, times = 1): void {
    this.toll[what] = (this.toll[what] ?? 0) + times
  }

  /** Lets something go on in the background. Its failure is a fault. */
  begin(what: string, task: Promise<unknown>): void {
    const guarded = task
      .catch((error: Error) => this.fault(`${what}: ${error.message}`))
      .then(() => void this.#underWay.delete(guarded))
    this.#underWay.add(guarded)
  }

  // ------------------------------------------------------------------------------------------------- processes

  /** Ends a process, and starts another in its place. */
  kill(name: SlotName, signal: 'SIGKILL' | 'SIGTERM'): void {
    const slot = this.#slot(name)
    const { process } = slot
    // The next one is just starting.
    if (!process) return
    this.#inspect(slot, process)
    // A process that is stopped hears no SIGTERM.
    if (slot.isFrozen) this.thaw(name)
    slot.process = undefined
    this.count(`${name}: ${signal}`)
    this.begin(`${name} after ${signal}`, this.#replace(slot, process, signal))
  }

  async #replace(slot: Slot, process: Process, signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const code = await process.kill(signal)
    const allowed = slot.name.startsWith('web') ? WEB_EXIT_CODES : [0]
    if (signal === 'SIGTERM' && !allowed.includes(code))
      this.fault(`${slot.name} ended with ${code} after SIGTERM: ${process.output().slice(-1_000)}`)
    for (let starts = 1; ; starts++) {
      try {
        slot.process = await slot.start()
        return
      } catch (error) {
        this.count(`${slot.name}: did not start at once`)
        if (starts === MAX_STARTS) throw error
      }
    }
  }

  freeze(name: SlotName): void {
    const slot = this.#slot(name)
    if (!slot.process) return
    this.#inspect(slot, slot.process)
    process.kill(slot.process.pid, 'SIGSTOP')
    slot.isFrozen = true
    this.count(`${name}: frozen`)
  }

  thaw(name: SlotName): void {
    const slot = this.#slot(name)
    if (slot.process && slot.isFrozen) process.kill(slot.process.pid, 'SIGCONT')
    slot.isFrozen = false
  }

  /** Sets the clock of a process, while it runs. */
  async stepClock(name: SlotName, ms: number): Promise<void> {
    await writeFile(this.#slot(name).clock, `${ms}`)
    this.count('clock stepped')
  }

  #slot(name: SlotName): Slot {
    return this.#slots.get(name) as Slot
  }

  /** Adds a fault if a process has died by itself, or has thrown an error that nothing catches. */
  #inspect({ name }: Slot, process: Process): void {
    if (!process.isRunning()) this.fault(`${name} died by itself: ${process.output().slice(-2_000)}`)
    const uncaught = process.output().match(/^.*(uncaught|unhandled).*$/im)
    if (uncaught) this.fault(`${name}: ${uncaught[0]}`)
  }

  // -------------------------------------------------------------------------------------------------- database

  /** Locks a table for a while, as a migration or a person in psql does. */
  async lock(table: string, mode: string, ms: number): Promise<void> {
    const client = new Client({ connectionString: this.stack.databaseUrl, application_name: OURS })
    client.on('error', () => {})
    await client.connect()
    await client.query('BEGIN')
    const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
    const released = new AbortController()
    const release = async (): Promise<void> => {
      released.abort()
      // Ends it even while it waits for the lock itself.
      await this.stack.query('SELECT pg_terminate_backend($1)', [rows[0]?.pid])
      await client.end().catch(() => {})
    }
    const ended = client
      .query(`LOCK TABLE ${table} IN ${mode} MODE`)
      .then(() => sleep(ms, undefined, { signal: released.signal }))
      .then(release, () => {})
    this.#locks.push({ release, ended })
    this.begin('lock', ended)
    this.count(`locked: ${table} in ${mode} mode`)
  }

  /** Releases the oldest lock. */
  async release(): Promise<void> {
    await this.#locks.shift()?.release()
  }

  /** Cuts connections of the app, any of them. */
  async cut(count: number): Promise<void> {
    const cut = await this.stack.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE datname = current_database() AND application_name <> '${OURS}' ORDER BY random() LIMIT $1`,
      [count],
    )
    this.count('connections cut', cut.length)
  }

  /** Ages the heartbeats of the workers, so that each is taken for dead, whether it is or not. */
  async takeSilentForDead(): Promise<void> {
    await updateJobs(this.stack, `heartbeat_on = now() - interval '1 minute'`, `state = 'active'`)
    await this.hurry()
  }

  /** Ends all waiting: of retries, batches, erasures and the account. */
  async hurry(): Promise<void> {
    await updateJobs(this.stack, 'start_after = now()', `state < 'active' AND start_after > now()`)
    await this.stack.query('UPDATE "Pace" SET "nextTurnAt" = now()')
  }

  // --------------------------------------------------------------------------------------------------- clients

  /**
   * Asks as a good client does: again after a silence, a cut connection or a 503, at another web server.
   * @param respond judges an answer. While it returns undefined, the client asks again.
   * @throws when the run is over before that
   */
  async ask<Result>(
    what: string,
    /** A path, or an address. */
    target: string,
    init: RequestInit,
    respond: (answer: Answer) => Result | undefined,
  ): Promise<Result> {
    const question: OpenQuestion = { what, since: performance.now(), last: 'never asked' }
    this.#open.add(question)
    for (let pauseMs = 100; ; pauseMs = Math.min(2 * pauseMs, 1_000)) {
      if (this.#end.signal.aborted) {
        this.#open.delete(question)
        throw new Error(`not answered at the end, and before: ${question.last}`)
      }
      const answer = await this.#askOnce(target, init, question)
      question.last = answer ? `${answer.status} ${answer.text}` : 'no answer'
      if (answer && answer.status >= 500 && answer.status !== 503)
        this.fault(`${what} was answered ${answer.status} ${answer.text}`)
      if (answer?.status === 503 && !answer.headers.has('retry-after'))
        this.fault(`${what} was answered 503 without Retry-After`)
      this.count(answer ? `answered ${answer.status}` : 'not answered')
      if (answer && answer.status < 500) {
        const result = respond(answer)
        if (result !== undefined) {
          this.#open.delete(question)
          return result
        }
      }
      await sleep(pauseMs)
    }
  }

  /** Returns the clients' requests that have no answer yet, as sentences. */
  listOpen(): string[] {
    return [...this.#open].map(({ what, url, since, last }) => {
      const seconds = Math.round((performance.now() - since) / 1000)
      return `${what} asks ${url} for ${seconds} s, before: ${last}`
    })
  }

  async #askOnce(target: string, init: RequestInit, question: OpenQuestion): Promise<Answer | undefined> {
    const ports = [this.#ports.get('web 1'), this.#ports.get('web 2')]
    const url = new URL(target, `http://localhost:${ports[this.#asked++ % 2]}`)
    Object.assign(question, { url, since: performance.now() })
    return await ask(PATIENCE_MS[this.#weather], url, init)
  }

  // ------------------------------------------------------------------------------------------------ fair weather

  /** Repairs everything: locks end, frozen processes wake up, killed ones are replaced. */
  async repair(): Promise<void> {
    this.#weather = 'fair'
    await this.stack.setProvider({ mode: 'ok', latencyMs: 5, rateLimit: 0 })
    for (const name of SLOTS) this.thaw(name)
    await Promise.all(this.#locks.splice(0).map(({ ended }) => ended))
    await this.takeSilentForDead()
  }

  /** Forgets all people, for the next run. The processes stay. */
  async empty(): Promise<void> {
    this.#faults.clear()
    this.#open.clear()
    this.#end = new AbortController()
    this.#weather = 'bad'
    for (const name of SLOTS) await writeFile(this.#slot(name).clock, '0')
    for (const table of ['User', 'Session', 'Batch', 'Pace', 'RateLimit', 'SpentKey'])
      await this.stack.query(`DELETE FROM "${table}"`)
    await this.stack.query('DELETE FROM pgboss.job')
    await this.stack.query('UPDATE "Sweep" SET "checkedUntil" = now(), repaired = 0')
  }

  /** Waits until clients and platform have done what they began. @returns false when that took longer than `ms` */
  async untilQuiet(ms: number): Promise<boolean> {
    const timer = setTimeout(() => this.#end.abort(), ms)
    await waitFor(() => this.#underWay.size === 0 || this.#end.signal.aborted)
    clearTimeout(timer)
    for (const slot of this.#slots.values()) if (slot.process) this.#inspect(slot, slot.process)
    return this.#underWay.size === 0
  }
}
