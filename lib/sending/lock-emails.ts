import { z } from 'zod'
import type { Transaction } from '../db/prisma'
import { Prisma } from '../generated/prisma/client'
import type { Recipient } from '../mail/message'
import { TEMPLATES } from '../mail/templates'
import { USERS } from './recipients'
import { suppressed } from './suppression'

export type WaitingEmail = Recipient & {
  /** False when it is sent, given up or in a batch, or its user is being erased. */
  isWaiting: boolean
  hasTemplate: boolean
  deaths: number
  /** Why it must not be sent: a code. */
  unwanted: string | null
}

/**
 * Locks these emails, so that of two jobs for an email only one puts it into a batch. To avoid deadlocks, all transactions lock
 * in this order, rows of a kind by id:
 * 1. the user
 * 2. jobs. `lockBatch` takes an advisory lock instead
 * 3. emails
 * 4. batches
 * 5. the session
 * @param ids unvalidated, from jobs
 */
export async function lockEmails(tx: Transaction, ids: unknown[]): Promise<Map<string, WaitingEmail>> {
  const wellFormed = ids.filter((id) => z.guid().safeParse(id).success)
  const kinds = Object.keys(TEMPLATES)
  const emails = await tx.$queryRaw<WaitingEmail[]>`
    SELECT "Email".id, kind, recipient, data, deaths,
      json_build_object('name', name, 'email', email, 'confirmedAt', "confirmedAt") AS user,
      CASE
        WHEN erasure IS NOT NULL OR ${suppressed(Prisma.sql`"Email".mailbox`)} THEN 'no_mail_wanted'
        WHEN recipient IS NULL AND "Email".mailbox <> "user".mailbox THEN 'address_corrected'
      END AS unwanted,
      kind = ANY (${kinds}) AS "hasTemplate",
      status IN ('queued', 'sending', 'retrying') AND "batchId" IS NULL
        AND erasure IS NULL AS "isWaiting"
    FROM "Email" JOIN ${USERS} AS "user" ON "user".id = "userId"
    WHERE "Email".id = ANY (${wellFormed}::uuid[]) ORDER BY "Email".id FOR UPDATE OF "Email"`
  return new Map(emails.map((email) => [email.id, email]))
}
