import { isUnavailable, isUniqueViolation, prisma, type Transaction } from '../db/prisma'
import { Problem, unavailable } from '../http/problem'
import { log, reasonOf } from '../log'
import { openQueue } from '../queue'
import { enqueueEmails, queueEmail } from '../sending/enqueue'
import { hashMailbox } from '../sending/mailbox'
import { isStranded, repairOne } from '../sending/stranded'
import { EMAIL } from '../sending/stranded-emails'
import { refuseSuppressed } from '../sending/suppression'
import { hmac } from '../sign'
import type { Snapshot } from '../status/status'
import { traced } from '../telemetry'
import type { SignupInput } from './input'
import { lockUser } from './lock-user'

export type Signup = {
  user: { id: string; name: string; email: string }
  welcomeEmail: Snapshot
}

/**
 * Creates the user, the record of their welcome email, and the job that sends it: all three or none. (The pattern is
 * called a transactional outbox; here the queue itself is the outbox.)
 * @param key the request's Idempotency-Key: the same key and input answer the same signup again
 * @param join does what has to commit with a new signup, and may throw. It is not called for a replay
 * @returns with `isReplay` when that signup was there already
 * @throws {Problem} 409 when the address is taken or wants no mail, 410 when the user of this key was erased, 422 when the
 * key belongs to another signup, 503 when the database or the queue is unavailable. Nothing was created
 * then; should only the answer of the database have been lost, the same key finds the signup.
 */
export async function signUp(
  input: SignupInput,
  key?: string,
  join = async (_tx: Transaction, _userId: string): Promise<void> => {},
): Promise<Signup & { isReplay: boolean }> {
  // A copy of the database must not hold what can be replayed.
  const signupKey = key && hmac('key', key)
  try {
    // Connected before the transaction, so that no transaction waits for a connection.
    await openQueue()
    const create = async (tx: Transaction): Promise<Signup> => {
      const signup = await createSignup(tx, input, signupKey)
      // Not before the unique index has waited for a request with the same key that is under way.
      await join(tx, signup.user.id)
      return signup
    }
    const signup = await traced('commit', () => prisma().$transaction(create))
    log.info({ emailId: signup.welcomeEmail.id }, 'queued')
    return { ...signup, isReplay: false }
  } catch (error) {
    if (!isUniqueViolation(error)) throw toProblem(error)
    const signup = await findSignup(input, signupKey).catch((reason) => Promise.reject(toProblem(reason)))
    if (!signup) throw addressTaken()
    return { ...signup, isReplay: true }
  }
}

/** The three, in the caller's transaction. @throws {Problem} 409 when the address wants no mail, 410, 422 */
export async function createSignup(tx: Transaction, input: SignupInput, signupKey?: string): Promise<Signup> {
  const signupHash = hashRequest(input)
  const mailbox = hashMailbox(input.email)
  const user = await tx.user.create({ data: { ...input, mailbox, signupKey, signupHash } })
  // Asked after the insert: it waits for an erasure that is deleting the user of this very key.
  if (signupKey) await refuseSpentKey(tx, signupKey, signupHash)
  await refuseSuppressed(tx, mailbox)
  const email = await tx.email.create({ data: { userId: user.id, kind: 'welcome', mailbox } })
  const queued = await tx.emailEvent.create({ data: { emailId: email.id, status: 'queued' } })
  await enqueueEmails(tx, [email])
  return { ...toWelcome(email.id, queued.at), user: { id: user.id, ...input } }
}

/**
 * Finds the signup that this request has made before.
 * @returns undefined when there is none
 * @throws {Problem} 410 when its user was erased, or is about to be; 422 when its key belongs to another request
 * @throws when the database is unreachable.
 */
async function findSignup(input: SignupInput, signupKey: string | undefined): Promise<Signup | undefined> {
  if (!signupKey) return
  const hash = hashRequest(input)
  const user = await prisma().user.findUnique({ where: { signupKey } })
  if (!user) return await refuseSpentKey(prisma(), signupKey, hash)
  if ((user.signupHash ?? hashRequest(user)) !== hash) throw keyAlreadyUsed()
  if (user.erasure) throw wasErased()
  // As the request was answered first: the user may have corrected the address since.
  return { ...(await findWelcome(user.id)), user: { id: user.id, ...input } }
}

/** A request as it was made, in a form that tells nothing of it. */
function hashRequest({ name, email }: SignupInput): string {
  return hmac('signup', JSON.stringify([name, email]))
}

/** @throws {Problem} 410 when the user of this key was erased, 422 when the key belonged to another request */
async function refuseSpentKey(
  db: Pick<Transaction, '$queryRaw'>,
  key: string,
  hash: string,
): Promise<undefined> {
  const [spent] = await db.$queryRaw<{ hash: string }[]>`
    SELECT hash FROM "SpentKey" WHERE key = ${key} AND until > now()`
  if (spent) throw spent.hash === hash ? wasErased() : keyAlreadyUsed()
}

type Welcome = Pick<Signup, 'welcomeEmail'>

async function findWelcome(userId: string): Promise<Welcome> {
  const email = await readWelcome(prisma(), userId)
  if (email && !(await isStranded(prisma(), EMAIL, email.id))) return toWelcome(email.id, email.queuedAt)
  return await prisma().$transaction((tx) => completeSignup(tx, userId))
}

/**
 * Finishes a signup of which a part is missing: the welcome email, its first event, or its job. No signup of ours leaves
 * such a half behind; a hand in the database can.
 * @throws when the database or the queue is unavailable.
 */
export async function completeSignup(tx: Transaction, userId: string): Promise<Welcome> {
  await lockUser(tx, userId)
  const known = await readWelcome(tx, userId)
  if (known) await repairOne(tx, EMAIL, known.id)
  else await queueEmail(tx, userId, 'welcome')
  const email = known ?? (await readWelcome(tx, userId))
  if (!email) throw new Error('The welcome email was not created')
  return toWelcome(email.id, email.queuedAt)
}

async function readWelcome(
  db: Pick<Transaction, 'email'>,
  userId: string,
): Promise<{ id: string; queuedAt: Date } | undefined> {
  const email = await db.email.findFirst({
    where: { userId, kind: 'welcome' },
    orderBy: { createdAt: 'asc' },
    include: { events: { orderBy: { id: 'asc' }, take: 1 } },
  })
  return email ? { id: email.id, queuedAt: email.events[0]?.at ?? email.createdAt } : undefined
}

// As it was when it was created, so that asking twice gives the same answer twice.
function toWelcome(id: string, queuedAt: Date): Welcome {
  const timeline = [{ status: 'queued' as const, at: queuedAt.toISOString() }]
  return { welcomeEmail: { id, status: 'queued', attempts: 0, version: 1, final: false, timeline } }
}

function toProblem(error: unknown): unknown {
  if (!isUnavailable(error)) return error
  log.error({ reason: reasonOf(error) }, 'A signup could not be confirmed')
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
