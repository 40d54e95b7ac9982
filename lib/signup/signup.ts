import { isUnavailable, pool, prisma, type Transaction } from '../db/prisma'
import { enqueueEmails } from '../email/enqueue'
import type { Snapshot } from '../email/status'
import { refuseSuppressed } from '../email/suppression'
import { Prisma } from '../generated/prisma/client'
import { Problem, unavailable } from '../http/problem'
import { lockUser } from '../lock-user'
import { log } from '../log'
import { openQueue } from '../queue'
import { seal } from '../sign'
import { traced } from '../telemetry'
import type { SignupInput } from './input'

export type Signup = {
  user: { id: string; name: string; email: string }
  welcomeEmail: Snapshot
}

/** If it would take longer than this, in ms, one is told to come back later. */
const MAX_WAIT_MS = 1_000

let underWay = 0

/**
 * Asks before anything is done, so that a crowd is told at once, and what can be served is.
 * @throws {Problem} 503 when more wait for the database than it serves in about a second.
 */
export function refuseCrowd(): void {
  if (pool().expectWait(underWay) > MAX_WAIT_MS)
    throw unavailable(
      'Too many people are signing up at this moment. You are not signed up: please try again.',
    )
}

/**
 * Creates the user, the record of their welcome email, and the job that sends it: all three or none. (The pattern is
 * called a transactional outbox; here the queue itself is the outbox.)
 * @param key the request's Idempotency-Key: the same key and input answer the same signup again
 * @returns with `isReplay` when that signup was there already
 * @throws {Problem} 409 when the address is taken or wants no mail, 410 when the user of this key was erased, 422 when the
 * key belongs to another signup, 503 when the database or the queue is unavailable or has too much to do. Nothing was
 * created then; should only the answer of the database have been lost, the same key finds the signup.
 */
export async function signUp(input: SignupInput, key?: string): Promise<Signup & { isReplay: boolean }> {
  refuseCrowd()
  underWay++
  try {
    // Connected before the transaction, so that no transaction waits for a connection.
    await openQueue()
    const signup = await traced('commit', () => prisma().$transaction((tx) => createSignup(tx, input, key)))
    log.info({ emailId: signup.welcomeEmail.id }, 'queued')
    return { ...signup, isReplay: false }
  } catch (error) {
    if (!isUniqueViolation(error)) throw toProblem(error)
    const signup = await findSignup(input, key).catch((reason) => Promise.reject(toProblem(reason)))
    if (!signup) throw addressTaken()
    return { ...signup, isReplay: true }
  } finally {
    underWay--
  }
}

/** The three, in the caller's transaction. @throws {Problem} 409 when the address wants no mail, 410, 422 */
export async function createSignup(tx: Transaction, input: SignupInput, key?: string): Promise<Signup> {
  const signupHash = hashRequest(input)
  const user = await tx.user.create({ data: { ...input, signupKey: key, signupHash } })
  // Asked after the insert: it waits for an erasure that is deleting the user of this very key.
  if (key) await refuseSpentKey(tx, key, signupHash)
  await refuseSuppressed(tx, input.email)
  return { ...(await createWelcome(tx, user.id)), user: { id: user.id, ...input } }
}

/**
 * Finds the signup that this request has made before.
 * @returns undefined when there is none
 * @throws {Problem} 410 when its user was erased, or is about to be; 422 when its key belongs to another request
 * @throws when the database is unreachable.
 */
export async function findSignup(input: SignupInput, key: string | undefined): Promise<Signup | undefined> {
  if (!key) return
  const hash = hashRequest(input)
  const user = await prisma().user.findUnique({ where: { signupKey: key } })
  if (!user) return await refuseSpentKey(prisma(), key, hash)
  if ((user.signupHash ?? hashRequest(user)) !== hash) throw keyAlreadyUsed()
  if (user.erasure) throw wasErased()
  // As the request was answered first: the user may have corrected the address since.
  return { ...(await findWelcome(user.id)), user: { id: user.id, ...input } }
}

/** A request as it was made, in a form that tells nothing of it. */
function hashRequest({ name, email }: SignupInput): string {
  return seal('signup', JSON.stringify([name, email]))
}

/** @throws {Problem} 410 when the user of this key was erased, 422 when the key belonged to another request */
async function refuseSpentKey(
  db: Pick<Transaction, '$queryRaw'>,
  key: string,
  hash: string,
): Promise<undefined> {
  const [spent] = await db.$queryRaw<{ hash: string }[]>`
    SELECT hash FROM "SpentKey" WHERE key = ${key}::uuid AND until > now()`
  if (spent) throw spent.hash === hash ? wasErased() : keyAlreadyUsed()
}

type Welcome = Pick<Signup, 'welcomeEmail'>

async function createWelcome(tx: Transaction, userId: string): Promise<Welcome> {
  const email = await tx.email.create({ data: { userId, kind: 'welcome' } })
  const queued = await tx.emailEvent.create({ data: { emailId: email.id, status: 'queued' } })
  await enqueueEmails(tx, [email])
  return toWelcome(email.id, queued.at)
}

async function findWelcome(userId: string): Promise<Welcome> {
  const email = await prisma().email.findFirst({
    where: { userId, kind: 'welcome' },
    orderBy: { createdAt: 'asc' },
    include: { events: { orderBy: { id: 'asc' }, take: 1 } },
  })
  if (!email) return await prisma().$transaction((tx) => completeSignup(tx, userId))
  return toWelcome(email.id, email.events[0]?.at ?? email.createdAt)
}

/**
 * Gives a user the welcome email that they lack. No signup of ours leaves such a half behind; a hand in the database can.
 * @throws when the database or the queue is unavailable.
 */
export async function completeSignup(tx: Transaction, userId: string): Promise<Welcome> {
  await lockUser(tx, userId)
  const email = await tx.email.findFirst({
    where: { userId, kind: 'welcome' },
    orderBy: { createdAt: 'asc' },
  })
  return email ? toWelcome(email.id, email.createdAt) : await createWelcome(tx, userId)
}

// As it was when it was created, so that asking twice gives the same answer twice.
function toWelcome(id: string, queuedAt: Date): Welcome {
  const timeline = [{ status: 'queued' as const, at: queuedAt.toISOString() }]
  return { welcomeEmail: { id, status: 'queued', attempts: 0, version: 1, final: false, timeline } }
}

function toProblem(error: unknown): unknown {
  if (!isUnavailable(error)) return error
  log.error({ reason: (error as Error).message }, 'A signup could not be confirmed')
  return unavailable('Your signup could not be confirmed. Please try again.')
}

const keyAlreadyUsed = (): Problem =>
  new Problem(422, 'Idempotency-Key already used', {
    detail: 'This key belongs to a signup with other data. Use a new key for a new signup.',
  })

const wasErased = (): Problem =>
  new Problem(410, 'Signup erased', { detail: 'This signup was made before, and its data was erased since.' })

export function addressTaken(): Problem {
  return new Problem(409, 'Email already registered', {
    errors: { email: ['This address is already signed up.'] },
  })
}

export function isUniqueViolation(error: unknown): boolean {
  return error instanceof Prisma.PrismaClientKnownRequestError && error.code === 'P2002'
}
