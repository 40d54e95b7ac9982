import { env, type Setting } from '../env'
import { Problem } from '../http/problem'
import { log } from '../log'
import { perProcess } from '../process'
import { hmac } from '../sign'
import {
  type Counter,
  countForAll,
  countHere,
  type Full,
  findFullHere,
  readCount,
  takeBackHere,
} from './counters'
import { networksOf, visitorOf } from './visitor'

type Limit = {
  setting: Setting
  share?: number
  seconds: number
  detail: string
  /** Also limits the networks of the visitor. */
  ofVisitor?: true
  /** Each process counts on its own. Otherwise the database counts for all processes. */
  inMemory?: true
  status?: 429 | 503
  /** Not logged, because each failed attempt is logged already. */
  quiet?: true
  /** A failed attempt counts for the visitor, and not for the networks, which others share. */
  countsFailures?: true
}

const HOUR = 3600
const DAY = 24 * HOUR

/** The rate limits. door.ts checks `request` and `file`. Limits on what is open: concurrency.ts, door.ts, stream-places.ts. */
const LIMITS = {
  request: {
    setting: 'LIMIT_REQUESTS_PER_VISITOR',
    seconds: 60,
    detail: 'Many requests came from your network.',
    ofVisitor: true,
    inMemory: true,
    countsFailures: true,
  },
  file: {
    setting: 'LIMIT_REQUESTS_PER_VISITOR',
    share: 20,
    seconds: 60,
    detail: 'Many requests came from your network.',
    ofVisitor: true,
    inMemory: true,
    countsFailures: true,
  },
  signup: {
    setting: 'LIMIT_SIGNUPS_PER_VISITOR',
    seconds: HOUR,
    detail: 'Many signups came from your network. You are not signed up.',
    ofVisitor: true,
    countsFailures: true,
  },
  ticket: {
    setting: 'LIMIT_SIGNUPS_PER_VISITOR',
    seconds: HOUR,
    detail: 'Many requests for mail came from your network.',
    ofVisitor: true,
    countsFailures: true,
  },
  mailbox: {
    setting: 'LIMIT_MAILS_PER_MAILBOX',
    seconds: DAY,
    detail: 'This mailbox has received enough mail today. Other spellings of its address count, too.',
  },
  /** Apart from `mailbox`: requests for an unknown address count, and its owner must still be able to sign up. */
  lostTicket: {
    setting: 'LIMIT_MAILS_PER_MAILBOX',
    seconds: DAY,
    detail:
      'The ticket of this mailbox was requested too often today. Other spellings of its address count, too.',
    countsFailures: true,
  },
  everybody: {
    setting: 'LIMIT_SIGNUPS_PER_MINUTE',
    seconds: 60,
    status: 503,
    detail: 'Too many people are signing up at the moment. You are not signed up. Please try again.',
  },
  mail: { setting: 'LIMIT_MAILS_PER_HOUR', seconds: HOUR, detail: 'The hourly limit of mails is reached.' },
  ticketMail: {
    setting: 'LIMIT_MAILS_PER_HOUR',
    share: 0.1,
    seconds: HOUR,
    detail: 'The hourly limit of lost tickets is reached.',
  },
  signature: {
    setting: 'LIMIT_WRONG_SIGNATURES',
    seconds: 60,
    inMemory: true,
    quiet: true,
    detail: 'Many reports with a wrong signature came from your network.',
    ofVisitor: true,
    countsFailures: true,
  },
  password: {
    setting: 'LIMIT_WRONG_PASSWORDS',
    seconds: 600,
    inMemory: true,
    detail: 'Too many wrong passwords came from your network.',
    ofVisitor: true,
  },
  export: { setting: 'LIMIT_EXPORTS_PER_USER', seconds: DAY, detail: 'Too many exports today.' }, // orders
} satisfies Record<string, Limit>

type LimitName = keyof typeof LIMITS

type Who = string | Pick<Request, 'headers'>

export type Asked = [name: LimitName, who: Who, times?: number]

type Counted = {
  /** The longest wait first. */
  refusals: Refusal[]
  /** Refunds all or some attempts, except those with `countsFailures`. Never throws. */
  takeBack: (asked?: Asked[]) => Promise<void>
}

type Refusal = { name: LimitName; who: Who; seconds: number }

/** Counts in one statement. If any counter is full, only those with `countsFailures` rise. */
export async function count(...asked: Asked[]): Promise<Counted> {
  const counters = toCounters(asked)
  const known = counters.flatMap(({ key }) => {
    const ms = (refusedUntil.get(key) ?? 0) - performance.now()
    return ms > 0 ? { key, ms } : []
  })
  if (known.length > 0) return { refusals: toRefusals(counters, known), async takeBack() {} }
  const isHere = ({ name }: Named): boolean => (LIMITS[name] as Limit).inMemory === true
  const forAll = counters.filter((one) => !isHere(one))
  const answer = forAll.length > 0 ? await countForAll(forAll) : undefined
  const refusals = toRefusals(counters, [...countHere(counters.filter(isHere)), ...(answer?.full ?? [])])
  return {
    refusals,
    async takeBack(some = asked) {
      if (refusals.length > 0) return
      const shared = toCounters(some).filter(({ countsAlways }) => !countsAlways)
      takeBackHere(shared.filter(isHere))
      await answer?.takeBack(shared.filter((one) => !isHere(one)))
    },
  }
}

/** @throws {Problem} 429 or 503 with Retry-After */
export async function limit(name: LimitName, who: Who): Promise<void> {
  refuse((await count([name, who])).refusals)
}

/** Counts in memory. @returns a 429 with Retry-After, or undefined */
export function limitNow(name: 'request' | 'file', visitor: string): Problem | undefined {
  const counters = toCounters([[name, visitor]])
  return toProblem(toRefusals(counters, countHere(counters)))
}

export function isFull(name: 'signature', visitor: string): boolean {
  return toCounters([[name, visitor]]).some((counter) => findFullHere(counter))
}

/** Counts, runs `act`, and refunds if it throws. @throws {Problem} 429 or 503 with Retry-After, and what `act` throws */
export async function countIfItSucceeds<Result>(asked: Asked[], act: () => Promise<Result>): Promise<Result> {
  const { refusals, takeBack } = await count(...asked)
  refuse(refusals)
  try {
    return await act()
  } catch (error) {
    await takeBack()
    throw error
  }
}

/** @throws {Problem} 429 or 503 with Retry-After */
export function refuse(refusals: Refusal[]): void {
  const problem = toProblem(refusals)
  if (problem) throw problem
}

function toProblem([refusal]: Refusal[]): Problem | undefined {
  if (!refusal) return
  const { status = 429, detail }: Limit = LIMITS[refusal.name]
  const title = status === 429 ? 'Too many requests' : 'Temporarily unavailable'
  return new Problem(status, title, { detail, headers: { 'retry-after': `${refusal.seconds}` } })
}

export async function countLeft(name: LimitName, who: string): Promise<number> {
  const [counter] = toCounters([[name, who]])
  if (!counter) return Number.POSITIVE_INFINITY
  return Math.max(0, counter.most - (await readCount(counter.key)))
}

type Named = Counter & { name: LimitName; who: Who }

// Merges counters with the same key, because a statement cannot update a row twice.
function toCounters(asked: Asked[]): Named[] {
  const counters = new Map<string, Named>()
  for (const one of asked.flatMap(listCounters)) {
    const times = one.times + (counters.get(one.key)?.times ?? 0)
    counters.set(one.key, { ...one, times })
  }
  return [...counters.values()]
}

function listCounters([name, who, times = 1]: Asked): Named[] {
  const { setting, share = 1, seconds, ofVisitor, inMemory, countsFailures }: Limit = LIMITS[name]
  const most = Math.ceil(share * Number(env(setting)))
  if (most === 0) return []
  const whose = typeof who === 'string' ? who : visitorOf(who)
  return (ofVisitor ? networksOf(whose) : [[whose, 1] as const]).map(([network, factor], index) => ({
    name,
    who,
    // A copy of the database must not reveal addresses.
    key: `${name}:${inMemory ? network : hmac('limit', network)}`,
    times,
    most: factor * most,
    seconds,
    countsAlways: countsFailures === true && index === 0,
  }))
}

const refusedUntil = perProcess('refusedUntil', () => new Map<string, number>())
const loggedUntil = perProcess('loggedUntil', () => new Map<LimitName, number>())

function toRefusals(counters: Named[], full: Full[]): Refusal[] {
  const longest = [...full].sort((a, b) => b.ms - a.ms)
  return longest.flatMap(({ key, ms }) => {
    const counter = counters.find((one) => one.key === key)
    if (!counter) return []
    const { name, who, countsAlways } = counter
    // Without refunds, a counter stays full until its window ends. Later requests skip the database.
    if (countsAlways && !(LIMITS[name] as Limit).inMemory) remember(key, ms)
    logRefusal(name, ms)
    return { name, who, seconds: Math.max(1, Math.ceil(ms / 1000)) }
  })
}

function remember(key: string, ms: number): void {
  const now = performance.now()
  if (refusedUntil.size >= 10_000)
    for (const [key, until] of refusedUntil) if (until < now) refusedUntil.delete(key)
  if (refusedUntil.size < 10_000) refusedUntil.set(key, now + ms)
}

function logRefusal(name: LimitName, ms: number): void {
  const { quiet, setting }: Limit = LIMITS[name]
  if (quiet || performance.now() < (loggedUntil.get(name) ?? 0)) return
  loggedUntil.set(name, performance.now() + ms)
  log.warn(`${setting} is reached: further attempts are rejected for ${Math.ceil(ms / 1000)} s.`)
}
