import type { Transaction } from '../db/prisma'
import { Problem } from '../http/problem'
import type { Recipient } from '../mail/message'
import { recordEvents } from '../status/record'
import { hashMailbox } from './mailbox'

/** Has nobody write to this mailbox for 30 days. @throws when the database is unreachable. */
export async function suppressMailbox(tx: Transaction, address: string): Promise<void> {
  await tx.$executeRaw`
    INSERT INTO "SuppressedMailbox" (mailbox, "expiresAt") VALUES (${hashMailbox(address)}, now() + interval '30 days')
    ON CONFLICT (mailbox) DO UPDATE SET "expiresAt" = excluded."expiresAt"`
}

/** Those of the addresses that nobody may write to. @throws when the database is unreachable. */
export async function findSuppressed(
  db: Pick<Transaction, '$queryRaw'>,
  addresses: string[],
): Promise<Set<string>> {
  const mailboxes = addresses.map(hashMailbox)
  const rows = await db.$queryRaw<{ mailbox: string }[]>`
    SELECT mailbox FROM "SuppressedMailbox" WHERE mailbox = ANY (${mailboxes}) AND "expiresAt" > now()`
  const suppressed = new Set(rows.map(({ mailbox }) => mailbox))
  return new Set(addresses.filter((_, index) => suppressed.has(mailboxes[index] as string)))
}

/**
 * Keeps a stranger from signing up a mailbox again whose reader wanted to be forgotten: nothing of it is stored.
 * @throws {Problem} 409
 * @throws when the database is unreachable.
 */
export async function refuseSuppressed(tx: Transaction, address: string): Promise<void> {
  if ((await findSuppressed(tx, [address])).size === 0) return
  throw new Problem(409, 'No mail wanted', {
    errors: { email: ['Whoever reads this mailbox has asked us not to write to it for a while.'] },
  })
}

/** Leaves out the mails that nobody may send, and records that. @throws when the database is unreachable. */
export async function dropSuppressed<Mail extends Recipient>(
  tx: Transaction,
  mails: Mail[],
): Promise<Mail[]> {
  const toAddress = ({ recipient, user }: Mail): string => recipient ?? user.email
  const suppressed = await findSuppressed(tx, mails.map(toAddress))
  if (suppressed.size === 0) return mails
  const dropped = mails.filter((mail) => suppressed.has(toAddress(mail)))
  await recordEvents(
    tx,
    dropped.map(({ id }) => ({ emailId: id, status: 'suppressed', reason: 'no_mail_wanted' })),
  )
  return mails.filter((mail) => !dropped.includes(mail))
}
