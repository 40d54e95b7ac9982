import { z } from 'zod'
import type { Transaction } from '../db/prisma'
import type { Recipient } from './message'
import { TEMPLATES } from './templates'

/**
 * `isWaiting`: of a kind that we know, not sent, not given up, in no batch that somebody else may be sending, and nobody to
 * be erased.
 */
type WaitingEmail = Recipient & { isWaiting: boolean; hasTemplate: boolean }

/**
 * What there is of these emails, by their ids. Locked, in the order of all who lock many: if two jobs mean the same email,
 * one of the batches has it.
 * @param ids whatever a job carries
 * @throws when the database is unreachable
 */
export async function lockEmails(tx: Transaction, ids: unknown[]): Promise<Map<string, WaitingEmail>> {
  const wellFormed = ids.filter((id) => z.guid().safeParse(id).success)
  const kinds = Object.keys(TEMPLATES)
  const emails = await tx.$queryRaw<WaitingEmail[]>`
    SELECT "Email".id, kind, recipient, json_build_object('name', name, 'email', email) AS user,
      kind = ANY (${kinds}) AS "hasTemplate",
      kind = ANY (${kinds}) AND status IN ('queued', 'sending', 'retrying') AND "batchId" IS NULL
        AND erasure IS NULL AS "isWaiting"
    FROM "Email" JOIN "User" ON "User".id = "userId"
    WHERE "Email".id = ANY (${wellFormed}::uuid[]) ORDER BY "Email".id FOR UPDATE OF "Email"`
  return new Map(emails.map((email) => [email.id, email]))
}
