import { makeUpAddress, PEOPLE } from '@/app/(stage)/_lib/people'
import { log } from '@/lib/log'
import { signUp } from '@/lib/signup/signup'
import { signUpInline } from './inline-signup'

export type Way = 'inline' | 'background'

/** The answer for one person: an account, or the reason code why there is none. */
export type LaneAnswer = { person: number } & (
  | { account: true; emailId?: string }
  | { account: false; reason: string }
)

/** Signs up the first people of the list at the same time. The promises never reject. */
export function runSignups(way: Way, people: number): Promise<LaneAnswer>[] {
  return PEOPLE.slice(0, people).map(async (name, person): Promise<LaneAnswer> => {
    const input = { name, email: makeUpAddress() }
    try {
      if (way === 'background') {
        const { welcomeEmail } = await signUp(input)
        return { person, account: true, emailId: welcomeEmail.id }
      }
      await signUpInline(input)
      return { person, account: true }
    } catch (error) {
      const { message } = error as Error
      log.error({ reason: message }, `Race, ${way}`)
      return { person, account: false, reason: /^\w{1,40}$/.test(message) ? message : 'no_account' }
    }
  })
}
