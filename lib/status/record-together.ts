import { setImmediate as yieldToEventLoop } from 'node:timers/promises'
import { isUnavailable, prisma } from '../db/prisma'
import { unavailable } from '../http/problem'
import { type EmailFact, recordEvents } from './record'

export const TOO_MANY_REPORTS = 'Too many reports at the moment. Please send this one again later.'

const CHUNK = 100
const WRITERS = 2

/** More facts are rejected, and Resend sends them again. */
const MAX_WAITING = 1_000

type Waiting = {
  fact: EmailFact
  signal: AbortSignal
  resolve: (emailId: string | undefined) => void
  reject: (error: unknown) => void
}

const waiting: Waiting[] = []
let writers = 0

/**
 * Records a fact, in one statement with others. @returns the id of the email if it has a new event
 * @throws {Problem} 503 when too many wait or `signal` aborts.
 */
export function recordTogether(fact: EmailFact, signal: AbortSignal): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    if (waiting.length >= MAX_WAITING) throw unavailable(TOO_MANY_REPORTS)
    waiting.push({ fact, signal, resolve, reject })
    if (writers < WRITERS) void write()
  })
}

async function write(): Promise<void> {
  writers++
  do {
    // Facts that arrive in the same pass of the event loop share a statement.
    await yieldToEventLoop()
    await record(takeSome())
  } while (waiting.length > 0)
  writers--
}

/** Takes the next facts, each of another email, because one statement records one fact of an email. */
function takeSome(): Waiting[] {
  const taken: Waiting[] = []
  const left: Waiting[] = []
  const ids = new Set<unknown>()
  for (const one of waiting.splice(0)) {
    const { emailId, providerId, providerEventId } = one.fact
    const own = [emailId, providerId, providerEventId].filter((id) => id !== undefined)
    // A fact without our id is recorded alone, because it may concern the email of any other fact.
    const mustWait = taken.length > 0 && !(emailId && taken[0]?.fact.emailId)
    if (one.signal.aborted) one.reject(unavailable('The sender has hung up.'))
    else if (taken.length >= CHUNK || mustWait || own.some((id) => ids.has(id))) left.push(one)
    else {
      taken.push(one)
      for (const id of own) ids.add(id)
    }
  }
  waiting.unshift(...left)
  return taken
}

async function record(group: Waiting[]): Promise<void> {
  if (group.length === 0) return
  try {
    const facts = group.map(({ fact }) => fact)
    const changed = await recordEvents(prisma(), facts)
    // A fact without our id was alone, so any id is that of its email.
    for (const { fact, resolve } of group) resolve(changed.find((id) => id === (fact.emailId ?? id)))
  } catch (error) {
    // One fact may have made Postgres reject all. Records each alone.
    if (group.length > 1 && !isUnavailable(error)) for (const one of group) await record([one])
    else for (const { reject } of group) reject(error)
  }
}
