import type { Transaction } from '../db/prisma'
import { Problem } from '../http/problem'
import { recordEvents } from '../status/record'
import type { WaitingEmail } from './lock-emails'

/** Has nobody write to this mailbox for 30 days. @throws when the database is unreachable. */
export async function suppressMailbox(tx: Transaction, mailbox: string): Promise<void> {
  await tx.$executeRaw`
    INSERT INTO "SuppressedMailbox" (mailbox, "expiresAt") VALUES (${mailbox}, now() + interval '30 days')
    ON CONFLICT (mailbox) DO UPDATE SET "expiresAt" = excluded."expiresAt"`
}

/** Whether nobody may write to this mailbox. @throws when the database is unreachable. */
export async function isSuppressed(db: Pick<Transaction, '$queryRaw'>, mailbox: string): Promise<boolean> {
  const rows = await db.$queryRaw<unknown[]>`
    SELECT FROM "SuppressedMailbox" WHERE mailbox = ${mailbox} AND "expiresAt" > now()`
  return rows.length > 0
}

/**
 * Keeps a stranger from signing up a mailbox again whose reader wanted to be forgotten: nothing of it is stored.
 * @throws {Problem} 409
 * @throws when the database is unreachable.
 */
export async function refuseSuppressed(tx: Transaction, mailbox: string): Promise<void> {
  if (!(await isSuppressed(tx, mailbox))) return
  throw new Problem(409, 'No mail wanted', {
    errors: { email: ['Whoever reads this mailbox has asked us not to write to it for a while.'] },
  })
}

/** Leaves out the mails that nobody may send, and records that. @throws when the database is unreachable. */
export async function dropSuppressed(tx: Transaction, mails: WaitingEmail[]): Promise<WaitingEmail[]> {
  const facts = mails.flatMap(({ id, unwanted }) =>
    unwanted ? [{ emailId: id, status: 'suppressed' as const, reason: unwanted }] : [],
  )
  if (facts.length > 0) await recordEvents(tx, facts)
  return mails.filter(({ unwanted }) => !unwanted)
}
