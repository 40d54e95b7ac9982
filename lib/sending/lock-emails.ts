import { z } from 'zod'
import type { Transaction } from '../db/prisma'
import type { Recipient } from '../mail/message'
import { TEMPLATES } from '../mail/templates'

/**
 * `isWaiting`: of a kind that we know, not sent, not given up, in no batch that somebody else may be sending, and nobody to
 * be erased. `unwanted`: why it may not be sent, as a code.
 */
export type WaitingEmail = Recipient & {
  isWaiting: boolean
  hasTemplate: boolean
  deaths: number
  unwanted: string | null
}

/**
 * Locks these emails and returns them by their ids: of two jobs for the same email, one gets it into its batch.
 *
 * Everybody locks in one order, so that no two transactions wait for each other: the user, then jobs, then emails, then
 * batches, each by their ids. A session comes last. `lockBatch` begins with an advisory lock in the place of a job.
 * @param ids whatever a job carries
 * @throws when the database is unreachable
 */
export async function lockEmails(tx: Transaction, ids: unknown[]): Promise<Map<string, WaitingEmail>> {
  const wellFormed = ids.filter((id) => z.guid().safeParse(id).success)
  const kinds = Object.keys(TEMPLATES)
  const emails = await tx.$queryRaw<WaitingEmail[]>`
    SELECT "Email".id, kind, recipient, deaths,
      json_build_object('name', name, 'email', email, 'confirmedAt', "confirmedAt") AS user,
      CASE
        WHEN EXISTS (SELECT FROM "SuppressedMailbox" AS silent WHERE silent.mailbox = "Email".mailbox AND "expiresAt" > now())
        THEN 'no_mail_wanted'
        -- It was for the address that the user had before.
        WHEN recipient IS NULL AND "Email".mailbox <> "User".mailbox THEN 'address_corrected'
      END AS unwanted,
      kind = ANY (${kinds}) AS "hasTemplate",
      kind = ANY (${kinds}) AND status IN ('queued', 'sending', 'retrying') AND "batchId" IS NULL
        AND erasure IS NULL AS "isWaiting"
    FROM "Email" JOIN "User" ON "User".id = "userId"
    WHERE "Email".id = ANY (${wellFormed}::uuid[]) ORDER BY "Email".id FOR UPDATE OF "Email"`
  return new Map(emails.map((email) => [email.id, email]))
}
