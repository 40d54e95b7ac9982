import { isUnavailable, isUniqueViolation, prisma, type Transaction } from '../db/prisma'
import { Problem, unavailable } from '../http/problem'
import { log, reasonOf } from '../log'
import { transactionWithQueue } from '../queue'
import { enqueueEmails, insertEmail, queueEmail } from '../sending/enqueue'
import { hashMailbox } from '../sending/mailbox'
import { lockUser } from '../sending/recipients'
import { isStranded, repairOne } from '../sending/stranded'
import { EMAIL } from '../sending/stranded-emails'
import { noMailWanted, suppressed } from '../sending/suppression'
import { hmac } from '../sign'
import type { Snapshot } from '../status/status'
import { traced } from '../telemetry'
import type { SignupInput } from './input'

export type Signup = {
  user: { id: string; name: string; email: string }
  welcomeEmail: Snapshot
}

/**
 * Creates the user, their welcome email, and the job that sends it, in one transaction (a transactional outbox).
 * @param key the Idempotency-Key. A second call with this key and input changes nothing, and returns the first signup (`isReplay`)
 * @param inTransaction runs in the transaction, after the user is created. It does not run for a replay
 * @throws {Problem} 409 when the address is taken or suppressed, 410 when the user of this key was erased, 422 when the key
 * belongs to another signup, 503 when the database fails, no connection is free for 5 s, a statement runs or waits for a lock for
 * 9 s, or the transaction takes 10 s
 */
export async function signUp(
  input: SignupInput,
  key?: string,
  inTransaction?: (tx: Transaction, userId: string) => Promise<void>,
): Promise<Signup & { isReplay: boolean }> {
  // Postgres gets only this HMAC: with the key itself, a thief of a database copy could replay the request.
  const signupKey = key && hmac('key', key)
  try {
    const create = async (tx: Transaction): Promise<Signup> => {
      const signup = await createSignup(tx, input, signupKey)
      // Runs once for a key: a second request with this key waits at the insert in `createSignup`. When this transaction commits,
      // that insert fails, and the request becomes a replay.
      await inTransaction?.(tx, signup.user.id)
      return signup
    }
    const signup = await traced('commit', () => transactionWithQueue(create))
    log.info({ emailId: signup.welcomeEmail.id }, 'queued')
    return { ...signup, isReplay: false }
  } catch (error) {
    if (!isUniqueViolation(error)) rethrow(error)
    const signup = await findSignup(input, signupKey).catch(rethrow)
    if (!signup) throw addressTaken()
    return { ...signup, isReplay: true }
  }
}

/**
 * Inserts the user, their welcome email and its job.
 * @throws {Problem} 409 when the address is suppressed, 410 and 422 as `signUp`
 * @throws a unique violation when the address or the key exists
 */
export async function createSignup(tx: Transaction, input: SignupInput, signupKey?: string): Promise<Signup> {
  const signupHash = hashInput(input)
  const mailbox = hashMailbox(input.email)
  const user = await tx.user.create({ data: { ...input, mailbox, signupKey, signupHash } })
  // Must come after the insert, which waits for a transaction that erases the user of this key. That one adds the `SpentKey`.
  const { spentHash, isSuppressed } = await readConflicts(tx, mailbox, signupKey)
  rejectSpentKey(spentHash, signupHash)
  if (isSuppressed) throw noMailWanted()
  const email = await insertEmail(tx, { userId: user.id, kind: 'welcome', mailbox })
  await enqueueEmails(tx, [email])
  return { user: { id: user.id, ...input }, welcomeEmail: toFirstSnapshot(email) }
}

async function findSignup(input: SignupInput, signupKey: string | undefined): Promise<Signup | undefined> {
  if (!signupKey) return
  const hash = hashInput(input)
  const user = await prisma().user.findUnique({ where: { signupKey } })
  if (!user) {
    const { spentHash } = await readConflicts(prisma(), hashMailbox(input.email), signupKey)
    rejectSpentKey(spentHash, hash)
    return
  }
  if (user.signupHash !== hash) throw keyAlreadyUsed()
  if (user.erasure) throw wasErased()
  // The first request had the same data. The row of the user may have a corrected address since then.
  return { user: { id: user.id, ...input }, welcomeEmail: await findOrRepairWelcome(user.id) }
}

function hashInput({ name, email }: SignupInput): string {
  return hmac('signup', JSON.stringify([name, email]))
}

/** In one statement: round trips to the database are most of a signup's cost. */
async function readConflicts(
  db: Pick<Transaction, '$queryRaw'>,
  mailbox: string,
  signupKey: string | undefined,
): Promise<{ spentHash: string | null; isSuppressed: boolean }> {
  const [conflicts] = await db.$queryRaw<[{ spentHash: string | null; isSuppressed: boolean }]>`
    SELECT (SELECT hash FROM "SpentKey" WHERE key = ${signupKey ?? null} AND until > now()) AS "spentHash",
      ${suppressed(mailbox)} AS "isSuppressed"`
  return conflicts
}

function rejectSpentKey(spentHash: string | null, hash: string): void {
  if (spentHash !== null) throw spentHash === hash ? wasErased() : keyAlreadyUsed()
}

async function findOrRepairWelcome(userId: string): Promise<Snapshot> {
  const email = await readWelcome(prisma(), userId)
  if (email && !(await isStranded(prisma(), EMAIL, email.id))) return toFirstSnapshot(email)
  return await transactionWithQueue((tx) => completeSignup(tx, userId))
}

/**
 * Creates what a signup lacks: its welcome email, or the job. Only rows that were changed or restored by hand lack any.
 * @throws {Problem} 404 when the user is erased
 */
export async function completeSignup(tx: Transaction, userId: string): Promise<Snapshot> {
  await lockUser(tx, userId)
  const known = await readWelcome(tx, userId)
  if (known) await repairOne(tx, EMAIL, known.id)
  else await queueEmail(tx, userId, 'welcome')
  const email = known ?? (await readWelcome(tx, userId))
  if (!email) throw new Error('The welcome email was not created')
  return toFirstSnapshot(email)
}

async function readWelcome(db: Pick<Transaction, 'email'>, userId: string): Promise<Queued | undefined> {
  const email = await db.email.findFirst({
    where: { userId, kind: 'welcome' },
    orderBy: { createdAt: 'asc' },
    include: { events: { orderBy: { id: 'asc' }, take: 1 } },
  })
  return email ? { id: email.id, queuedAt: email.events[0]?.at ?? email.createdAt } : undefined
}

type Queued = { id: string; queuedAt: Date }

/** The first state of an email, so that a replay has the same answer. The stream of the ticket has the current state. */
function toFirstSnapshot({ id, queuedAt }: Queued): Snapshot {
  const timeline = [{ status: 'queued' as const, at: queuedAt.toISOString() }]
  return { id, status: 'queued', attempts: 0, version: 1, final: false, timeline }
}

/** Throws a 503 when the database or the queue did not answer. Otherwise throws `error` itself. */
function rethrow(error: unknown): never {
  if (!isUnavailable(error)) throw error
  log.error(
    { reason: reasonOf(error) },
    'A signup could not be confirmed: the database or the queue failed, or did not answer in time',
  )
  throw unavailable('Your signup could not be confirmed. Please try again.')
}

const keyAlreadyUsed = (): Problem =>
  new Problem(422, 'Idempotency-Key already used', {
    detail: 'This key belongs to a signup with other data. Use a new key for a new signup.',
  })

const wasErased = (): Problem =>
  new Problem(410, 'Signup erased', {
    detail: 'This signup was made before. Its data has been erased since then.',
  })

export function addressTaken(): Problem {
  return new Problem(409, 'Email already registered', {
    errors: { email: ['This address is already signed up.'] },
  })
}
