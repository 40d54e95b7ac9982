import type { Transaction } from '../db/prisma'
import type { EmailData, EmailKind } from '../mail/templates'
import { enqueueAll } from '../queue'
import { readMailbox } from './recipients'

/** A welcome mail overtakes the hundred invitations of another user. */
const PRIORITY: Record<string, number> = { welcome: 1, forget: 1 }

/** Enqueues the jobs that send these emails. */
export async function enqueueEmails(tx: Transaction, emails: { id: string; kind: string }[]): Promise<void> {
  for (const name of ['send-email', 'send-ticket'] as const) {
    const some = emails.filter(({ kind }) => (kind === 'ticket') === (name === 'send-ticket'))
    const jobs = some.map(({ id, kind }) => ({ data: { emailId: id }, priority: PRIORITY[kind] }))
    if (jobs.length > 0) await enqueueAll(tx, name, jobs)
  }
}

/** Records an email to a user and enqueues its job. @returns the email's id. */
export async function queueEmail<Kind extends EmailKind>(
  tx: Transaction,
  userId: string,
  kind: Kind,
  ...[data]: EmailData<Kind>
): Promise<string> {
  const mailbox = await readMailbox(tx, userId)
  const email = await insertEmail(tx, { userId, kind, mailbox, data })
  await enqueueEmails(tx, [email])
  return email.id
}

type NewEmail = { userId: string; kind: string; mailbox: string; data?: object }

/** Inserts an email and its first event, in one statement. The caller enqueues its job. */
export async function insertEmail(
  tx: Transaction,
  { userId, kind, mailbox, data }: NewEmail,
): Promise<{ id: string; kind: string; queuedAt: Date }> {
  const json = data ? JSON.stringify(data) : null
  const [event] = await tx.$queryRaw<[{ id: string; queuedAt: Date }]>`
    WITH email AS (
      INSERT INTO "Email" ("userId", kind, mailbox, data)
      VALUES (${userId}, ${kind}, ${mailbox}, ${json}::jsonb) RETURNING id
    )
    INSERT INTO "EmailEvent" ("emailId", status) SELECT id, 'queued' FROM email
    RETURNING "emailId" AS id, at AS "queuedAt"`
  return { ...event, kind }
}
