import type { Transaction } from '../prisma'
import { type EmailStatus, mayBecome } from './status'

/** Something that happened to an email. */
export type EmailFact = {
  status: EmailStatus
  attempt?: number
  /** A code, never an address. */
  reason?: string
  retryAt?: Date
  /** The id that Resend gave the mail. */
  providerId?: string
  /** The id of the webhook message that reported it. */
  providerEventId?: string
}

/**
 * Writes down what happened to an email: one event on its timeline and, when the rank allows it, its new status.
 * Facts may come twice, late and in any order. The database tells the browsers at commit (see the migration).
 * @param tx the transaction in which everything that belongs to the fact commits with it
 * @returns false when there was nothing to write: no such email, or the fact is known.
 * @throws when the database is unreachable.
 */
export async function recordEvent(tx: Transaction, emailId: string, fact: EmailFact): Promise<boolean> {
  const email = await lockEmail(tx, emailId)
  if (!email || (await isKnown(tx, emailId, fact))) return false

  const { status, attempt, reason, retryAt, providerId, providerEventId } = fact
  await tx.email.update({
    where: { id: emailId },
    data: {
      status: mayBecome(email.status, status) ? status : undefined,
      attempts: attempt,
      providerId: providerId,
    },
  })
  await tx.emailEvent.create({ data: { emailId, status, attempt, reason, retryAt, providerEventId } })
  return true
}

/** Writers queue up at this row, so the events of an email have the order in which they were committed. */
export async function lockEmail(tx: Transaction, id: string): Promise<{ status: EmailStatus } | undefined> {
  const rows = await tx.$queryRaw<{ status: EmailStatus }[]>`
    SELECT status::text FROM "Email" WHERE id = ${id}::uuid FOR UPDATE`
  return rows[0]
}

async function isKnown(tx: Transaction, emailId: string, fact: EmailFact): Promise<boolean> {
  const { status, providerEventId } = fact
  if (providerEventId && (await tx.emailEvent.findUnique({ where: { providerEventId } }))) return true
  if (status !== 'sent') return false
  // That a mail was sent is reported twice, by the worker and by a webhook.
  const last = await tx.emailEvent.findFirst({
    where: { emailId, status: { in: ['queued', 'sent'] } },
    orderBy: { id: 'desc' },
  })
  return last?.status === 'sent'
}
