import type { Transaction } from '../db/prisma'
import type { EmailKind } from '../mail/templates'
import { enqueueAll } from '../queue'

/** A welcome mail must not wait behind a hundred invitations. */
const PRIORITY: Record<string, number> = { welcome: 1, ticket: 1 }

/** Enqueues the jobs that send these emails, in the caller's transaction. @throws as `enqueue` does */
export async function enqueueEmails(tx: Transaction, emails: { id: string; kind: string }[]): Promise<void> {
  if (emails.length === 0) return
  const jobs = emails.map(({ id, kind }) => ({ data: { emailId: id }, priority: PRIORITY[kind] }))
  await enqueueAll(tx, 'send-email', jobs)
}

/** Records an email to a user and enqueues its job. @returns the email's id. @throws as `enqueue` does */
export async function queueEmail(tx: Transaction, userId: string, kind: EmailKind): Promise<string> {
  const email = await tx.email.create({ data: { userId, kind } })
  await tx.emailEvent.create({ data: { emailId: email.id, status: 'queued' } })
  await enqueueEmails(tx, [email])
  return email.id
}
