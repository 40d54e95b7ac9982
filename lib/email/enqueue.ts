import type { Transaction } from '../db/prisma'
import { enqueueAll } from '../queue'

/** Nobody's welcome waits behind somebody's hundred invitations. */
const PRIORITY: Record<string, number> = { welcome: 1 }

/** Queues the jobs that send these emails, in the caller's transaction. @throws as `enqueue` does */
export async function enqueueEmails(tx: Transaction, emails: { id: string; kind: string }[]): Promise<void> {
  if (emails.length === 0) return
  const jobs = emails.map(({ id, kind }) => ({ data: { emailId: id }, priority: PRIORITY[kind] }))
  await enqueueAll(tx, 'send-email', jobs)
}
