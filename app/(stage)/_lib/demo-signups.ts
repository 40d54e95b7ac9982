import { z } from 'zod'
import { withinCapacity } from '@/lib/protection/overload'
import { transactionWithQueue } from '@/lib/queue'
import { enqueueEmails } from '@/lib/sending/enqueue'
import { hashMailbox } from '@/lib/sending/mailbox'
import { tieToSpan, traced } from '@/lib/telemetry'
import { makeUpAddress, PEOPLE } from './people'
import { recordWait } from './waits'

export const demoInput = z.strictObject({
  count: z.int().min(1).max(100),
  /** Whether one address in 25 bounces. */
  typos: z.boolean().default(true),
})

/**
 * Signs up made-up people at the mail service's test addresses. They are committed together, so that a worker finds all
 * their jobs at once and sends them in one request.
 * @returns the ids of their emails
 * @throws {Problem} 503 with Retry-After when the process is overloaded
 */
export async function signUpCrowd({ count, typos }: z.infer<typeof demoInput>): Promise<string[]> {
  const start = performance.now()
  const users = Array.from({ length: count }, (_, index) => {
    const email = makeUpAddress(typos && (index + 1) % 25 === 0 ? 'bounced' : 'delivered')
    const name = PEOPLE[index % PEOPLE.length] ?? ''
    return { id: crypto.randomUUID(), name, email, mailbox: hashMailbox(email) }
  })
  const emails = users.map(({ id: userId, mailbox }) => {
    return { id: crypto.randomUUID(), userId, kind: 'welcome' as const, mailbox }
  })
  await withinCapacity(() =>
    traced('commit', () =>
      transactionWithQueue(async (tx) => {
        await tx.user.createMany({ data: users })
        await tx.email.createMany({ data: emails })
        await tx.emailEvent.createMany({ data: emails.map(({ id }) => ({ emailId: id, status: 'queued' })) })
        await enqueueEmails(tx, emails)
      }),
    ),
  )
  const emailIds = emails.map(({ id }) => id)
  for (const id of emailIds) recordWait(id, start)
  tieToSpan({ emailIds })
  return emailIds
}
