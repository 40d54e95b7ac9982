import { z } from 'zod'
import { withinCapacity } from '@/lib/protection/overload'
import { signUp } from '@/lib/signup/signup'
import { inParallel } from './parallel'
import { makeUpAddress, PEOPLE } from './people'

export const demoInput = z.strictObject({
  count: z.int().min(1).max(100),
  /** Whether one address in 25 bounces. */
  typos: z.boolean().default(true),
})

/** The connection pool has ten, and visitors need some of them. */
const AT_A_TIME = 4

/**
 * Signs up made-up people at the mail service's test addresses, with the same code as a real signup.
 * @returns the ids of their emails, and the median time of a signup in ms
 * @throws {Problem} as signUp does
 */
export async function signUpCrowd({
  count,
  typos,
}: z.infer<typeof demoInput>): Promise<{ ids: string[]; medianMs: number }> {
  const numbers = Array.from({ length: count }, (_, index) => index + 1)
  const signups = await inParallel(numbers, AT_A_TIME, async (number) => {
    const start = performance.now()
    const { welcomeEmail } = await withinCapacity(() =>
      signUp({
        name: PEOPLE[number % PEOPLE.length] ?? '',
        email: makeUpAddress(typos && number % 25 === 0 ? 'bounced' : 'delivered'),
      }),
    )
    return { id: welcomeEmail.id, ms: performance.now() - start }
  })
  const times = signups.map(({ ms }) => ms).sort((a, b) => a - b)
  return { ids: signups.map(({ id }) => id), medianMs: Math.ceil(times[times.length >> 1] ?? 0) }
}
