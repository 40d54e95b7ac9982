import { makeUpAddress, PEOPLE } from '@/app/(stage)/_lib/people'
import { log } from '@/lib/log'
import type { SignupInput } from '@/lib/signup/input'
import { signUp } from '@/lib/signup/signup'
import { saveThenSend, sendThenSave } from './inline-signup'

/** Inside the request, the mail or the account comes first. */
export const WAYS = ['mail-first', 'account-first', 'background'] as const
export type Way = (typeof WAYS)[number]

/** The answer for one person. The reasons are codes. */
export type LaneAnswer = { person: number } & (
  | {
      account: true
      emailId?: string
      /** Why the mail was not sent. It never will be. */
      lostMail?: string
    }
  | { account: false; reason: string }
)

const SIGN_UP: Record<
  Way,
  (input: SignupInput) => Promise<{ emailId?: string; lostMail?: string } | undefined>
> = {
  'mail-first': async (input) => void (await sendThenSave(input)),
  'account-first': saveThenSend,
  background: async (input) => ({ emailId: (await signUp(input)).welcomeEmail.id }),
}

/** Signs up the first people of the list at the same time. The promises never reject. */
export function runSignups(way: Way, people: number): Promise<LaneAnswer>[] {
  return PEOPLE.slice(0, people).map(async (name, person): Promise<LaneAnswer> => {
    try {
      return { person, account: true, ...(await SIGN_UP[way]({ name, email: makeUpAddress() })) }
    } catch (error) {
      const { message } = error as Error
      log.error({ reason: message }, `Race, ${way}`)
      const noAccount = way === 'mail-first' ? 'mail_without_account' : 'no_account'
      return { person, account: false, reason: /^\w{1,40}$/.test(message) ? message : noAccount }
    }
  })
}
