import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { signUp } from '../signup'
import { inParallel } from './parallel'

export const demoInput = z.strictObject({ count: z.int().min(1).max(100) })

const NAMES = ['Ada', 'Alan', 'Barbara', 'Donald', 'Edsger', 'Frances', 'Grace', 'Ken', 'Margaret', 'Radia']

/** The pool of connections has ten, and others sign up, too. */
const AT_A_TIME = 4

/**
 * Signs up so many people at the mail service's test addresses, in the way of everybody else. In a crowd, one of 25 has
 * mistyped their address.
 * @returns the ids of their emails, and how long a signup took, in ms: the median
 * @throws {Problem} as signUp does
 */
export async function signUpCrowd(count: number): Promise<{ ids: string[]; medianMs: number }> {
  const numbers = Array.from({ length: count }, (_, index) => index + 1)
  const signups = await inParallel(numbers, AT_A_TIME, async (number) => {
    const mailbox = number % 25 === 0 ? 'bounced' : 'delivered'
    const start = performance.now()
    const { welcomeEmail } = await signUp({
      name: NAMES[number % NAMES.length] ?? '',
      email: `${mailbox}+${randomUUID()}@resend.dev`,
    })
    return { id: welcomeEmail.id, ms: performance.now() - start }
  })
  const times = signups.map(({ ms }) => ms).sort((a, b) => a - b)
  return { ids: signups.map(({ id }) => id), medianMs: Math.ceil(times[times.length >> 1] ?? 0) }
}
