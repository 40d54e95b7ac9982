import { prisma } from '@/lib/db/prisma'
import type { Batch } from '@/lib/email/batch'
import type { Outcome } from '@/lib/email/outcome'

/** Of so many mails, each has a line of its own. */
const FEW = 5

/**
 * Prints what became of a batch that was sent at `start`: "CE975F1D  attempt 2 → sent  3.0 s". Neither names nor
 * addresses belong into a log.
 */
export async function tellBatch({ messages }: Batch, outcome: Outcome, start: number): Promise<void> {
  const took = tellSeconds(Date.now() - start)
  if (messages.length > FEW) {
    return console.log(`batch of ${messages.length} → ${tellOutcome(outcome)}  ${took}`)
  }
  // As it was written down: an email may have had attempts in other batches.
  const ids = messages.map(({ tags }) => tags[0].value)
  const emails = await prisma().$queryRaw<Told[]>`
    SELECT DISTINCT ON (email.id) email.id, attempts, event.status, reason, "retryAt"
    FROM "Email" AS email JOIN "EmailEvent" AS event ON "emailId" = email.id
    WHERE email.id = ANY (${ids}::uuid[]) AND event.status IN ('sent', 'retrying', 'failed')
      AND "providerEventId" IS NULL
    ORDER BY email.id, event.id DESC`
  for (const { id, attempts, status, reason, retryAt } of emails) {
    const when = retryAt ? ` in ${Math.max(1, Math.round((+retryAt - Date.now()) / 1000))} s` : ''
    const why = reason ? `: ${reason}` : ''
    console.log(`${id.slice(0, 8).toUpperCase()}  attempt ${attempts} → ${status}${when}${why}  ${took}`)
  }
}

type Told = {
  id: string
  attempts: number
  status: 'sent' | 'retrying' | 'failed'
  reason: string | null
  retryAt: Date | null
}

function tellOutcome(outcome: Outcome): string {
  if (outcome.kind !== 'accepted') return outcome.reason
  const refused = outcome.mails.filter(({ status }) => status === 'failed').length
  return refused > 0 ? `sent, but ${refused} refused` : 'sent'
}

export function tellSeconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`
}
