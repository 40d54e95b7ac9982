import { query } from '../../../stack'
import type { App } from './app'

export type Verdict = {
  accounts: number
  /** Accounts without a mail, even when all leases have run out. */
  never: number
  /** Accounts with more than one mail. */
  twice: number
  /** Mails, first or second ones, that left only when leases had run out. */
  late: number
  /** Those who were told "created" and got no mail. */
  okNotMailed: number
  /** Those who were told of an error, and have an account. */
  errorButExists: number
  /** From the end of the trouble to the last account's mail, in s; NaN when a mail was missing then. */
  rightAfter: number
}

async function readAccounts({ place, contender }: App): Promise<string[]> {
  const rows = await query<{ email: string }>(place.databaseUrl, `SELECT email FROM ${contender.users}`)
  return rows.map(({ email }) => email)
}

/** @param agedAt when the leases ran out, in ms since 1970; infinite when no job waited for that */
export async function judge(app: App, agedAt: number): Promise<Verdict> {
  const { answers, provider, calmAt } = app
  const accounts = await readAccounts(app)
  const mails = (email: string): number[] => provider.accepted.get(email) ?? []
  const firsts = accounts.map((email) => Math.min(...mails(email)))
  const told = (answer: string): string[] =>
    [...answers].filter(([, given]) => given === answer).map(([email]) => email)
  const exists = new Set(accounts)
  const last = Math.max(...firsts)
  return {
    accounts: accounts.length,
    never: accounts.filter((email) => mails(email).length === 0).length,
    twice: [...provider.accepted.values()].filter((times) => times.length > 1).length,
    late: [...provider.accepted.values()].flat().filter((at) => at > agedAt).length,
    okNotMailed: told('ok').filter((email) => mails(email).length === 0).length,
    errorButExists: told('error').filter((email) => exists.has(email)).length,
    rightAfter:
      last > agedAt || last === Number.POSITIVE_INFINITY ? Number.NaN : Math.max(0, last - calmAt) / 1000,
  }
}
