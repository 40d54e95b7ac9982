import type { Transaction } from '../db/prisma'
import { Prisma } from '../generated/prisma/client'
import { Problem } from '../http/problem'
import { recordEvents } from '../status/record'
import type { WaitingEmail } from './lock-emails'

/** Blocks all mail to this mailbox for 30 days. */
export async function suppressMailbox(tx: Transaction, mailbox: string): Promise<void> {
  await tx.$executeRaw`
    INSERT INTO "SuppressedMailbox" (mailbox, "expiresAt") VALUES (${mailbox}, now() + interval '30 days')
    ON CONFLICT (mailbox) DO UPDATE SET "expiresAt" = excluded."expiresAt"`
}

/** SQL: true when this mailbox is suppressed. */
export const suppressed = (mailbox: string | Prisma.Sql): Prisma.Sql => Prisma.sql`EXISTS (
  SELECT FROM "SuppressedMailbox" AS suppressed WHERE suppressed.mailbox = ${mailbox} AND "expiresAt" > now())`

/** Reads whether this mailbox is suppressed. `mailbox`: see `hashMailbox`. */
export async function isSuppressed(db: Pick<Transaction, '$queryRaw'>, mailbox: string): Promise<boolean> {
  const [{ answer }] = await db.$queryRaw<[{ answer: boolean }]>`SELECT ${suppressed(mailbox)} AS answer`
  return answer
}

/** Rejects a suppressed mailbox. @throws {Problem} 409 */
export async function rejectSuppressed(tx: Transaction, mailbox: string): Promise<void> {
  if (await isSuppressed(tx, mailbox)) throw noMailWanted()
}

export function noMailWanted(): Problem {
  return new Problem(409, 'No mail wanted', {
    errors: { email: ['The owner of this mailbox asked us not to email it.'] },
  })
}

/** Records unwanted mails as suppressed, and returns the others. */
export async function dropSuppressed(tx: Transaction, mails: WaitingEmail[]): Promise<WaitingEmail[]> {
  const facts = mails.flatMap(({ id, unwanted }) =>
    unwanted ? [{ emailId: id, status: 'suppressed' as const, reason: unwanted }] : [],
  )
  if (facts.length > 0) await recordEvents(tx, facts)
  return mails.filter(({ unwanted }) => !unwanted)
}
