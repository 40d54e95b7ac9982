import { env, type Setting } from '../env'
import { Problem } from '../http/problem'
import { log } from '../log'
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
  /** How often; 0: no limit. */
  setting: Setting
  /** How many times as often as the setting says. */
  share?: number
  /** In how many seconds. They begin with the first time. */
  seconds: number
  /** What the client is told. */
  detail: string
  /** Of a visitor. Then the networks that they belong to have limits, too. */
  ofVisitor?: true
  /** Counted in this process alone, at no cost. Otherwise in the database, for all processes together. */
  inMemory?: true
  /** 503: it is not this person's fault. */
  status?: 429 | 503
  /** Something else logs what leads to it. */
  quiet?: true
  /** Attempts that come to nothing count, too. In the networks of a visitor, which are shared, they never do. */
  countsFailures?: true
}

const HOUR = 3600
const DAY = 24 * HOUR

/** All that may be done only so often. What may be open at the same time: see door.ts and stream-places.ts. */
const LIMITS = {
  /** What comes by the door, whatever its method. */
  request: {
    setting: 'LIMIT_REQUESTS_PER_VISITOR',
    seconds: 60,
    detail: 'Many requests came from your network.',
    ofVisitor: true,
    inMemory: true,
    countsFailures: true,
  },
  /** The files of a page are many, and cost little. */
  file: {
    setting: 'LIMIT_REQUESTS_PER_VISITOR',
    share: 20,
    seconds: 60,
    detail: 'Many requests came from your network.',
    ofVisitor: true,
    inMemory: true,
    countsFailures: true,
  },
  /** Well-formed ones, also those with an address that is taken. */
  signup: {
    setting: 'LIMIT_SIGNUPS_PER_VISITOR',
    seconds: HOUR,
    detail: 'Many signups came from your network. You are not signed up.',
    ofVisitor: true,
    countsFailures: true,
  },
  /** That a lost ticket is sent again, or to another address. */
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
    detail: 'This mailbox has been sent enough mail for today, whatever its address looks like.',
  },
  /** Counted apart: it counts whether there is a ticket to send or not, and must not keep anybody from signing up. */
  lostTicket: {
    setting: 'LIMIT_MAILS_PER_MAILBOX',
    seconds: DAY,
    detail: 'The ticket of this mailbox was asked for often enough today, whatever its address looks like.',
    countsFailures: true,
  },
  everybody: {
    setting: 'LIMIT_SIGNUPS_PER_MINUTE',
    seconds: 60,
    status: 503,
    detail: 'Too many people are signing up at this moment. You are not signed up: please try again.',
  },
  /** What goes out: see lib/protection/hourly-limit.ts. */
  mail: { setting: 'LIMIT_MAILS_PER_HOUR', seconds: HOUR, detail: 'Enough mail went out.' },
  /** Lost tickets, on top. */
  ticketMail: {
    setting: 'LIMIT_MAILS_PER_HOUR',
    share: 0.1,
    seconds: HOUR,
    detail: 'Enough lost tickets went out.',
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
    detail: 'Wrong passwords.',
    ofVisitor: true,
  },
  export: { setting: 'LIMIT_EXPORTS_PER_USER', seconds: DAY, detail: 'You have asked often today.' }, // orders
} satisfies Record<string, Limit>

type LimitName = keyof typeof LIMITS

/** A visitor is the one whose request it is. */
type Who = string | Pick<Request, 'headers'>

/** What is to be counted: by which limit, for whom, and how often unless once. */
export type Asked = [name: LimitName, who: Who, times?: number]

/** How counting has ended. */
type Counted = {
  /** What stands in the way, the longest first. */
  refusals: Refusal[]
  /** Takes back what was counted, all or some, when nothing came of it. What counts whatever becomes of it stays. Never fails. */
  takeBack: (asked?: Asked[]) => Promise<void>
}

type Refusal = { name: LimitName; who: Who; seconds: number }

/** Counts all of these in one statement. If one of them has no room, only what counts always is counted. */
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
      const shared = toCounters(some).filter(({ counts }) => counts !== 'always')
      takeBackHere(shared.filter(isHere))
      await answer?.takeBack(shared.filter((one) => !isHere(one)))
    },
  }
}

/**
 * Counts one more time, and throws when it is one too many.
 * @throws {Problem} 429 or 503 with Retry-After
 */
export async function limit(name: LimitName, who: Who): Promise<void> {
  refuse((await count([name, who])).refusals)
}

/** The same at once, for what is counted in this process. @returns a 429 with Retry-After, when it is one too many */
export function limitNow(name: 'request' | 'file', visitor: string): Problem | undefined {
  const counters = toCounters([[name, visitor]])
  return toProblem(toRefusals(counters, countHere(counters)))
}

/** Whether a visitor may not do this any more, as far as this process has counted. */
export function isFull(name: 'signature', visitor: string): boolean {
  return toCounters([[name, visitor]]).some((counter) => findFullHere(counter))
}

/**
 * Counts once more each, and does what is counted: what fails is taken back.
 * @throws {Problem} 429 or 503 with Retry-After, and what `act` throws
 */
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

/** @throws {Problem} 429 or 503 with Retry-After, when there is a refusal */
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

/** Returns how many more times there may be. */
export async function countLeft(name: LimitName, who: string): Promise<number> {
  const [counter] = toCounters([[name, who]])
  if (!counter) return Number.POSITIVE_INFINITY
  return Math.max(0, counter.most - (await readCount(counter.key)))
}

type Named = Counter & { name: LimitName; who: Who }

/** Several that are asked for under one key are one. */
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
    // What is stored must not tell who it was.
    key: `${name}:${inMemory ? network : hmac('limit', network)}`,
    times,
    most: factor * most,
    seconds,
    counts: countsFailures && index === 0 ? 'always' : 'if there is room in all',
  }))
}

// On globalThis, because Next evaluates this module more than once in a process.
const shared = globalThis as { refusedUntil?: Map<string, number>; told?: Map<LimitName, number> }
shared.refusedUntil ??= new Map()
shared.told ??= new Map()
const { refusedUntil, told } = shared

function toRefusals(counters: Named[], full: Full[]): Refusal[] {
  const longest = [...full].sort((a, b) => b.ms - a.ms)
  return longest.flatMap(({ key, ms }) => {
    const counter = counters.find((one) => one.key === key)
    if (!counter) return []
    const { name, who, counts } = counter
    // Nothing makes room for it before its time: to refuse it once more costs nothing more.
    if (counts === 'always' && !(LIMITS[name] as Limit).inMemory) remember(key, ms)
    tell(name, ms)
    return { name, who, seconds: Math.max(1, Math.ceil(ms / 1000)) }
  })
}

function remember(key: string, ms: number): void {
  const now = performance.now()
  if (refusedUntil.size >= 10_000)
    for (const [key, until] of refusedUntil) if (until < now) refusedUntil.delete(key)
  if (refusedUntil.size < 10_000) refusedUntil.set(key, now + ms)
}

// However many come how often: a line for each limit and its time is enough.
function tell(name: LimitName, ms: number): void {
  const { quiet, setting }: Limit = LIMITS[name]
  if (quiet || performance.now() < (told.get(name) ?? 0)) return
  told.set(name, performance.now() + ms)
  log.warn(`${setting} is reached: refused for ${Math.ceil(ms / 1000)} s.`)
}
