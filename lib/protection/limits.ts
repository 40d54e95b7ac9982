import type { Pool, QueryConfig, QueryResult } from 'pg'
import { RateLimiterMemory, RateLimiterPostgres, type RateLimiterRes } from 'rate-limiter-flexible'
import { MeasuredPool } from '../db/pool'
import { env, type Setting } from '../env'
import { Problem } from '../http/problem'
import { log } from '../log'
import { hmac } from '../sign'
import { visitorOf } from './visitor'

type Limit = {
  /** How often; 0: no limit. */
  setting: Setting
  /** In how many seconds. They begin with the first time. */
  seconds: number
  /** What somebody is told. */
  detail: string
  /** Counted in this process alone, at no cost. Otherwise in the database, for all processes together. */
  inMemory?: true
  /** 503: it is not this person's fault. */
  status?: 429 | 503
  /** Somebody else logs what leads to it. */
  quiet?: true
  /** What came to nothing is taken back, so whoever is refused may go on before the time is over. */
  takenBack?: true
}

const HOUR = 3600
const DAY = 24 * HOUR

/** All that somebody may do only so often. How many streams somebody may hold open: see lib/protection/stream-places.ts. */
const LIMITS = {
  /** Of a visitor, whatever becomes of them: also what is taken already, or mistyped. */
  signup: {
    setting: 'LIMIT_SIGNUPS_PER_VISITOR',
    seconds: HOUR,
    detail: 'Many signups came from your network. You are not signed up.',
  },
  /** Of a visitor: that a lost ticket is sent again, or to another address. */
  ticket: {
    setting: 'LIMIT_SIGNUPS_PER_VISITOR',
    seconds: HOUR,
    detail: 'Many requests for mail came from your network.',
  },
  mailbox: {
    setting: 'LIMIT_MAILS_PER_MAILBOX',
    seconds: DAY,
    detail: 'This mailbox has been sent enough mail for today, whatever its address looks like.',
    takenBack: true,
  },
  /** Counted apart: it counts whether there is a ticket to send or not, and must not keep anybody from signing up. */
  lostTicket: {
    setting: 'LIMIT_MAILS_PER_MAILBOX',
    seconds: DAY,
    detail: 'The ticket of this mailbox was asked for often enough today, whatever its address looks like.',
  },
  everybody: {
    setting: 'LIMIT_SIGNUPS_PER_MINUTE',
    seconds: 60,
    status: 503,
    detail: 'Too many people are signing up at this moment. You are not signed up: please try again.',
  },
  /** What goes out, to whomever: see lib/protection/hourly-limit.ts. */
  mail: { setting: 'LIMIT_MAILS_PER_HOUR', seconds: HOUR, detail: 'Enough mail went out.', takenBack: true },
  read: {
    setting: 'LIMIT_READS_PER_VISITOR',
    seconds: 60,
    inMemory: true,
    detail: 'Many requests came from your network.',
  },
  signature: {
    setting: 'LIMIT_WRONG_SIGNATURES',
    seconds: 60,
    inMemory: true,
    quiet: true,
    detail: 'Many reports with a wrong signature came from your network.',
  },
  password: { setting: 'LIMIT_WRONG_PASSWORDS', seconds: 600, inMemory: true, detail: 'Wrong passwords.' },
  export: { setting: 'LIMIT_EXPORTS_PER_USER', seconds: DAY, detail: 'You have asked often today.' }, // orders
} satisfies Record<string, Limit>

type LimitName = keyof typeof LIMITS

/** Somebody, or the visitor whose request it is. */
type Who = string | Pick<Request, 'headers'>

/**
 * Counts one more time, and throws when it is one too many.
 * @throws {Problem} 429 or 503 with Retry-After
 */
export async function limit(name: LimitName, who: Who): Promise<void> {
  const seconds = await count(name, who)
  if (seconds === 0) return
  const { status = 429, detail }: Limit = LIMITS[name]
  const title = status === 429 ? 'Too many requests' : 'Temporarily unavailable'
  throw new Problem(status, title, { detail, headers: { 'retry-after': `${seconds}` } })
}

/**
 * Counts one more time, and does what is counted: if that fails, it was not done, and does not count.
 * @throws {Problem} 429 or 503 with Retry-After, and what `act` throws
 */
export async function countIfItSucceeds<Result>(
  name: LimitName,
  who: Who,
  act: () => Promise<Result>,
): Promise<Result> {
  try {
    await limit(name, who)
    return await act()
  } catch (error) {
    await uncount(name, who)
    throw error
  }
}

/**
 * Counts so many more times, if they are not too many. While the database is away, each process counts for itself.
 * @returns 0, or in how many seconds they may be tried again
 */
export async function count(name: LimitName, who: Who, times = 1): Promise<number> {
  if (env(LIMITS[name].setting) === 0) return 0
  try {
    await open(name).consume(toKey(name, who), times)
    return 0
  } catch (result) {
    // Not by its class: Next may have several copies of the library in a process.
    if (result instanceof Error) throw result
    const { msBeforeNext } = result as RateLimiterRes
    tell(name, msBeforeNext)
    return Math.max(1, Math.ceil(msBeforeNext / 1000))
  }
}

/** Takes back what was counted. */
export async function uncount(name: LimitName, who: Who, times = 1): Promise<void> {
  if (env(LIMITS[name].setting) > 0) await open(name).reward(toKey(name, who), times)
}

/** How many more times there may be. */
export async function countLeft(name: LimitName, who: Who): Promise<number> {
  const points = env(LIMITS[name].setting)
  if (points === 0) return Number.POSITIVE_INFINITY
  return (await open(name).get(toKey(name, who)))?.remainingPoints ?? points
}

type Limiter = RateLimiterMemory | RateLimiterPostgres

// On globalThis, because Next evaluates this module more than once in a process, and all of them count together.
const shared = globalThis as {
  limiters?: Map<LimitName, Limiter>
  limitsPool?: Pool
  told?: Map<LimitName, number>
}
shared.limiters ??= new Map()
shared.told ??= new Map()
const { limiters, told } = shared

function open(name: LimitName): Limiter {
  const limiter = limiters.get(name) ?? createLimiter(name)
  limiters.set(name, limiter)
  return limiter
}

function createLimiter(name: LimitName): Limiter {
  const { setting, seconds, inMemory, takenBack }: Limit = LIMITS[name]
  const options = { keyPrefix: name, points: env(setting), duration: seconds }
  const memory = new RateLimiterMemory(options)
  if (inMemory) return memory
  return new RateLimiterPostgres({
    ...options,
    storeClient: { query },
    storeType: 'pool',
    tableName: 'RateLimit',
    tableCreated: true,
    insuranceLimiter: memory,
    // Refused once more costs nothing more.
    inMemoryBlockOnConsumed: takenBack ? 0 : options.points,
  })
}

/** No limit is worth waiting for: a database that does not answer is left alone for so long, in ms. */
const PATIENCE_MS = 2_000

let awayUntil = 0

async function query(statement: QueryConfig): Promise<QueryResult> {
  const limits = { max: 2, connectionTimeoutMillis: PATIENCE_MS, statementTimeoutMs: PATIENCE_MS }
  shared.limitsPool ??= new MeasuredPool(limits)
  if (performance.now() < awayUntil) throw new Error('The database was away a moment ago')
  try {
    return await shared.limitsPool.query(statement)
  } catch (error) {
    awayUntil = performance.now() + PATIENCE_MS
    throw error
  }
}

function toKey(name: LimitName, who: Who): string {
  const key = typeof who === 'string' ? who : visitorOf(who)
  // What is stored must not tell who it was.
  const { inMemory }: Limit = LIMITS[name]
  return inMemory ? key : hmac('limit', key)
}

// Whoever comes a thousand times, and however many come: a line for each limit and its time is enough.
function tell(name: LimitName, msBeforeNext: number): void {
  const { quiet }: Limit = LIMITS[name]
  if (quiet || performance.now() < (told.get(name) ?? 0)) return
  told.set(name, performance.now() + msBeforeNext)
  log.warn(
    `${LIMITS[name].setting} is reached: refused until ${new Date(Date.now() + msBeforeNext).toISOString()}.`,
  )
}
