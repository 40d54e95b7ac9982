import { isUnavailable, pool, prisma, type Transaction } from '../db/prisma'
import { enqueueEmails } from '../email/enqueue'
import type { Snapshot } from '../email/status'
import { refuseSuppressed } from '../email/suppression'
import { type Email, type EmailEvent, Prisma, type User } from '../generated/prisma/client'
import { Problem, unavailable } from '../http/problem'
import { log, reasonOf } from '../log'
import { openQueue } from '../queue'
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
 * @throws {Problem} 409 when the address is taken or wants no mail, 422 when the key belongs to another signup, 503 when
 * the database or the queue is unavailable or has too much to do. Nothing was created then; should only the answer of
 * the database have been lost, the same key finds the signup.
 */
export async function signUp(input: SignupInput, key?: string): Promise<Signup> {
  refuseCrowd()
  underWay++
  try {
    // Connected before the transaction, so that no transaction waits for a connection.
    await openQueue()
    const signup = await traced('commit', () => prisma().$transaction((tx) => createSignup(tx, input, key)))
    log.info({ emailId: signup.welcomeEmail.id }, 'queued')
    return signup
  } catch (error) {
    if (isUniqueViolation(error)) return await findSignup(input, key)
    if (!isUnavailable(error)) throw error
    log.error({ reason: reasonOf(error) }, 'A signup could not be confirmed')
    throw unavailable('Your signup could not be confirmed. Please try again.')
  } finally {
    underWay--
  }
}

/** The three, in the caller's transaction. @throws {Problem} 409 when the address wants no mail */
export async function createSignup(tx: Transaction, input: SignupInput, key?: string): Promise<Signup> {
  await refuseSuppressed(tx, input.email)
  const user = await tx.user.create({ data: { ...input, signupKey: key } })
  const email = await tx.email.create({ data: { userId: user.id, kind: 'welcome' } })
  const queued = await tx.emailEvent.create({ data: { emailId: email.id, status: 'queued' } })
  await enqueueEmails(tx, [email])
  return toSignup(user, email, queued)
}

/** The signup that stands in the way of this one. It may be this very one, asked for again. */
async function findSignup(input: SignupInput, key?: string): Promise<Signup> {
  const user = key && (await prisma().user.findUnique({ where: { signupKey: key } }))
  if (!user) throw addressTaken()
  if (user.name !== input.name || user.email !== input.email) {
    throw new Problem(422, 'Idempotency-Key already used', {
      detail: 'This key belongs to a signup with other data. Use a new key for a new signup.',
    })
  }
  const email = await prisma().email.findFirstOrThrow({
    where: { userId: user.id, kind: 'welcome' },
    orderBy: { createdAt: 'asc' },
  })
  const queued = await prisma().emailEvent.findFirstOrThrow({
    where: { emailId: email.id },
    orderBy: { id: 'asc' },
  })
  return toSignup(user, email, queued)
}

// As it was when it was created, so that asking twice gives the same answer twice.
function toSignup({ id, name, email }: User, welcome: Email, queued: EmailEvent): Signup {
  return {
    user: { id, name, email },
    welcomeEmail: {
      id: welcome.id,
      status: 'queued',
      attempts: 0,
      version: 1,
      final: false,
      timeline: [{ status: 'queued', at: queued.at.toISOString() }],
    },
  }
}

export function addressTaken(): Problem {
  return new Problem(409, 'Email already registered', {
    errors: { email: ['This address is already signed up.'] },
  })
}

export function isUniqueViolation(error: unknown): boolean {
  return error instanceof Prisma.PrismaClientKnownRequestError && error.code === 'P2002'
}
