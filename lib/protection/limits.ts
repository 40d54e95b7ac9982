import { env, type Setting } from '../env'
import { Problem } from '../http/problem'
import { log } from '../log'
import { perProcess } from '../process'
import { hmac } from '../sign'
import {
  type Counter,
  countInMemory,
  countShared,
  type Full,
  findFullInMemory,
  readCount,
  refundInMemory,
} from './counters'
import { networksOf, visitorOf } from './visitor'

/** For the log. */
const WHO = {
  visitor: 'one visitor or network',
  mailbox: 'one mailbox',
  user: 'one user',
  all: 'all together',
}

type Limit = {
  setting: Setting
  /** Multiplies the setting. */
  factor?: number
  seconds: number
  detail: string
  /** Each visitor (and each of their networks), mailbox or user has a counter of their own. Default: one for all together. */
  of?: keyof typeof WHO
  /** Each process counts on its own. Otherwise the database counts for all processes. */
  inMemory?: true
  status?: 429 | 503
  /** Not logged here: lib/status/webhook.ts logs wrong signatures. */
  quiet?: true
  /**
   * Only for limits of a visitor. A hit that ends in a 4xx still counts for the visitor. It is refunded for their networks, because
   * others share them.
   */
  keepsFailures?: true
}

const HOUR = 3600
const DAY = 24 * HOUR

const MAX_REMEMBERED = 10_000
const MAX_REMEMBERED_MS = 60_000

export const TOO_MANY_SIGNUPS =
  'Too many people are signing up at the moment. Please try again in a moment. You will not be signed up twice.'

/**
 * The rate limits. door.ts checks `request` and `file`. Routes and jobs check the others. Not in this list: open connections
 * (door.ts), requests (concurrency.ts) and streams (stream-places.ts), overload (overload.ts), and the rate of requests to
 * Resend (lib/sending/pace.ts).
 */
const LIMITS = {
  request: {
    setting: 'LIMIT_REQUESTS_PER_VISITOR',
    seconds: 60,
    detail: 'Many requests came from your network.',
    of: 'visitor',
    inMemory: true,
    keepsFailures: true,
  },
  file: {
    setting: 'LIMIT_REQUESTS_PER_VISITOR',
    factor: 20,
    seconds: 60,
    detail: 'Many requests came from your network.',
    of: 'visitor',
    inMemory: true,
    keepsFailures: true,
  },
  signup: {
    setting: 'LIMIT_SIGNUPS_PER_VISITOR',
    seconds: HOUR,
    detail: 'Many signups came from your network.',
    of: 'visitor',
    keepsFailures: true,
  },
  mailRequest: {
    setting: 'LIMIT_SIGNUPS_PER_VISITOR',
    seconds: HOUR,
    detail: 'Many requests for mail came from your network.',
    of: 'visitor',
    keepsFailures: true,
  },
  mailbox: {
    setting: 'LIMIT_MAILS_PER_MAILBOX',
    of: 'mailbox',
    seconds: DAY,
    detail: 'This mailbox has received enough mail today. Other spellings of its address count, too.',
  },
  /** Not `mailbox`: strangers may request the ticket of an address, and its owner must still be able to sign up. */
  lostTicket: {
    setting: 'LIMIT_MAILS_PER_MAILBOX',
    of: 'mailbox',
    seconds: DAY,
    detail:
      'The ticket of this mailbox was requested too often today. Other spellings of its address count, too.',
  },
  allSignups: {
    setting: 'LIMIT_SIGNUPS_PER_MINUTE',
    seconds: 60,
    status: 503,
    detail: TOO_MANY_SIGNUPS,
  },
  mail: { setting: 'LIMIT_MAILS_PER_HOUR', seconds: HOUR, detail: 'The hourly limit of mails is reached.' },
  lostTicketMail: {
    setting: 'LIMIT_MAILS_PER_HOUR',
    factor: 0.1,
    seconds: HOUR,
    detail: 'The hourly limit of lost tickets is reached.',
  },
  signature: {
    setting: 'LIMIT_WRONG_SIGNATURES',
    seconds: 60,
    inMemory: true,
    quiet: true,
    detail: 'Many webhooks with a wrong signature came from your network.',
    of: 'visitor',
    keepsFailures: true,
  },
  password: {
    setting: 'LIMIT_WRONG_PASSWORDS',
    seconds: 600,
    inMemory: true,
    detail: 'Too many wrong passwords came from your network.',
    of: 'visitor',
  },
  export: { setting: 'LIMIT_EXPORTS_PER_USER', of: 'user', seconds: DAY, detail: 'Too many exports today.' }, // orders
} satisfies Record<string, Limit>

type LimitName = keyof typeof LIMITS

type Who = string | Pick<Request, 'headers'>

export type Hit = [name: LimitName, who: Who, times?: number]

type Counted = {
  /** The longest wait first. */
  rejections: Rejection[]
  /**
   * Refunds the counters of all or some hits, except those with `keepsFailures`. Does nothing after a rejection, because these
   * counters did not rise. Never throws.
   */
  refund: (some?: Hit[]) => Promise<void>
  /** Call it after any error. A 4xx refunds the same as `refund`, and a 5xx also the hits with `keepsFailures`. Never throws. */
  refundFailure: (error: unknown) => Promise<void>
}

type Rejection = { name: LimitName; who: Who; seconds: number }

/**
 * Counts in one statement, or all in memory. If a counter is full, only those with `keepsFailures` rise, such as the visitor's
 * own. When such a counter is full, this process rejects the next hits for up to a minute without the database.
 */
export async function count(...hits: Hit[]): Promise<Counted> {
  const counters = toCounters(hits)
  const now = performance.now()
  const known = counters.flatMap(({ key }) => {
    const rejection = remembered.get(key)
    return rejection && rejection.askAt > now ? { key, ms: rejection.endsAt - now } : []
  })
  if (known.length > 0) {
    const none = async (): Promise<void> => {}
    return { rejections: noteRejections(counters, known), refund: none, refundFailure: none }
  }
  const isInMemory = counters.every(({ name }) => (LIMITS[name] as Limit).inMemory)
  const { full, refund } = isInMemory
    ? { full: countInMemory(counters), refund: refundInMemory }
    : await countShared(counters)
  const rejections = noteRejections(counters, full)
  if (!isInMemory)
    remember(full.filter(({ key }) => counters.some((one) => one.key === key && one.keepsFailures)))
  return {
    rejections,
    async refund(some = hits) {
      if (rejections.length === 0)
        await refund(toCounters(some).filter(({ keepsFailures }) => !keepsFailures))
    },
    async refundFailure(error) {
      const isServerFault = !(error instanceof Problem && error.status < 500)
      // If a limit has rejected, only the counters with `keepsFailures` have risen.
      const failed = counters.filter(({ keepsFailures }) =>
        keepsFailures ? isServerFault : rejections.length === 0,
      )
      await refund(failed)
      for (const { key } of failed) remembered.delete(key)
    },
  }
}

/** Whether a repeat of an earlier request passes this limit. */
const allowsRepeats = ({ name }: Rejection): boolean => {
  const { of }: Limit = LIMITS[name]
  return of === 'mailbox' || of === 'user'
}

/** Counts a hit, and rejects it when its limit is reached. @throws {Problem} 429 or 503 with Retry-After */
export async function limit(name: LimitName, who: Who): Promise<void> {
  rejectIfAny((await count([name, who])).rejections)
}

/** Counts in memory. @returns a 429 with Retry-After, or undefined */
export function limitInMemory(name: 'request' | 'file', visitor: string): Problem | undefined {
  const counters = toCounters([[name, visitor]])
  return toProblem(noteRejections(counters, countInMemory(counters)))
}

export function isFull(name: 'signature', visitor: string): boolean {
  return toCounters([[name, visitor]]).some((counter) => findFullInMemory(counter))
}

/**
 * Counts the hits, and runs `act` within their limits. If `act` fails or repeats an earlier request, refunds them: see `Counted`.
 * A full limit of a mailbox or a user rejects only new requests, so a repeat gets its answer. Other limits also reject repeats.
 * @param act calls `rejectIfFull` before it does anything new. A repeat does not call it
 * @throws {Problem} 429 or 503 with Retry-After, and what `act` throws
 */
export async function withinLimits<Result>(
  hits: Hit[],
  act: (rejectIfFull: () => void) => Promise<Result>,
): Promise<Result> {
  const { rejections, refund, refundFailure } = await count(...hits)
  let isNew = false
  try {
    rejectIfAny(rejections.filter((rejection) => !allowsRepeats(rejection)))
    const result = await act(() => {
      isNew = true
      rejectIfAny(rejections)
    })
    if (!isNew) await refund()
    return result
  } catch (error) {
    await refundFailure(error)
    throw error
  }
}

/** Throws the first rejection. @throws {Problem} 429 or 503 with Retry-After */
export function rejectIfAny(rejections: Rejection[]): void {
  const problem = toProblem(rejections)
  if (problem) throw problem
}

function toProblem([rejection]: Rejection[]): Problem | undefined {
  if (!rejection) return
  const { status = 429, detail }: Limit = LIMITS[rejection.name]
  const title = status === 429 ? 'Too many requests' : 'Temporarily unavailable'
  return new Problem(status, title, { detail, headers: { 'retry-after': `${rejection.seconds}` } })
}

/** Reads how many more hits fit into the current time span. Infinity without a limit. */
export async function countLeft(name: LimitName, who: string): Promise<number> {
  const [counter] = toCounters([[name, who]])
  if (!counter) return Number.POSITIVE_INFINITY
  return Math.max(0, counter.most - (await readCount(counter.key)))
}

type LimitCounter = Counter & { name: LimitName; who: Who }

// Merges counters with the same key, because a statement cannot update a row twice.
function toCounters(hits: Hit[]): LimitCounter[] {
  const counters = new Map<string, LimitCounter>()
  for (const one of hits.flatMap(listCounters)) {
    const times = one.times + (counters.get(one.key)?.times ?? 0)
    counters.set(one.key, { ...one, times })
  }
  return [...counters.values()]
}

function listCounters([name, who, times = 1]: Hit): LimitCounter[] {
  const { setting, factor = 1, seconds, of, inMemory, keepsFailures }: Limit = LIMITS[name]
  const most = Math.ceil(factor * Number(env(setting)))
  if (most === 0) return []
  const whose = typeof who === 'string' ? who : visitorOf(who)
  return (of === 'visitor' ? networksOf(whose) : [[whose, 1] as const]).map(([network, multiple], index) => ({
    name,
    who,
    // A copy of the database must not reveal addresses.
    key: `${name}:${inMemory ? network : hmac('limit', network)}`,
    times,
    most: multiple * most,
    seconds,
    keepsFailures: keepsFailures === true && index === 0,
  }))
}

type Remembered = {
  /** When to ask the database again. Another process may have refunded a hit by then. */
  askAt: number
  endsAt: number
}

const remembered = perProcess('rejections', () => new Map<string, Remembered>())
const loggedUntil = perProcess('loggedUntil', () => new Map<LimitName, number>())

/** Logs the rejections. The longest wait first. */
function noteRejections(counters: LimitCounter[], full: Full[]): Rejection[] {
  const longest = [...full].sort((a, b) => b.ms - a.ms)
  return longest.flatMap(({ key, ms }) => {
    const counter = counters.find((one) => one.key === key)
    if (!counter) return []
    const { name, who } = counter
    logRejection(name, ms)
    return { name, who, seconds: Math.max(1, Math.ceil(ms / 1000)) }
  })
}

function remember(rejections: Full[]): void {
  const now = performance.now()
  if (remembered.size >= MAX_REMEMBERED) {
    for (const [old, { askAt }] of remembered) if (askAt < now) remembered.delete(old)
  }
  for (const { key, ms } of rejections.slice(0, MAX_REMEMBERED - remembered.size))
    remembered.set(key, { askAt: now + Math.min(ms, MAX_REMEMBERED_MS), endsAt: now + ms })
}

function logRejection(name: LimitName, ms: number): void {
  const { quiet, setting, factor, of = 'all' }: Limit = LIMITS[name]
  if (quiet || performance.now() < (loggedUntil.get(name) ?? 0)) return
  loggedUntil.set(name, performance.now() + ms)
  const most = factor ? `${setting} × ${factor}` : setting
  log.warn(`The limit "${name}" (${most}) is reached for ${Math.ceil(ms / 1000)} s, by ${WHO[of]}.`)
}
