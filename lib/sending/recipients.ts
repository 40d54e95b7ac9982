import type { Transaction } from '../db/prisma'
import { Prisma } from '../generated/prisma/client'
import { notFound } from '../http/problem'
import { hashMailbox } from './mailbox'

/** SQL for all users. The last three columns may be NULL. `id` may have any type. docs/your-app.md uses another table. */
export const USERS = Prisma.sql`(SELECT id, name, email, mailbox, "confirmedAt", erasure FROM "User")`

/** Returns the keyed hash of a user's mailbox. @throws when the user does not exist */
export async function readMailbox(tx: Transaction, userId: string): Promise<string> {
  const [user] = await tx.$queryRaw<{ email: string; mailbox: string | null }[]>`
    SELECT email, mailbox FROM ${USERS} AS "user" WHERE id = ${userId}`
  if (!user) throw new Error(`There is no user ${userId}`)
  return user.mailbox ?? hashMailbox(user.email)
}

/** Locks a user until the transaction ends. @throws {Problem} 404 when the user is erased, or will be */
export async function lockUser(tx: Transaction, id: string): Promise<void> {
  const rows = await tx.$queryRaw<unknown[]>`
    SELECT FROM ${USERS} AS "user" WHERE id = ${id} AND erasure IS NULL FOR UPDATE`
  if (rows.length === 0) throw notFound()
}
