import { prisma } from '../db/prisma'
import { notFound, Problem } from '../http/problem'
import { log } from '../log'
import { readTicketLink } from '../mail/ticket-link'
import { openQueue } from '../queue'
import { queueEmail } from '../sending/enqueue'
import { findSuppressed } from '../sending/suppression'
import { signIn } from './session'
import { listTicketMails } from './ticket'

/**
 * Sends the ticket of whoever has signed up with this address to that address, if there is somebody, and if they want
 * mail. Nobody may learn which: the caller answers the same.
 * @throws when the database or the queue is unavailable.
 */
export async function sendLostTicket(address: string): Promise<void> {
  await openQueue()
  const emailId = await prisma().$transaction(async (tx) => {
    const complaint = { recipient: null, status: 'complained' } as const
    const user = await tx.user.findFirst({
      where: { email: address, erasure: null, emails: { none: complaint } },
    })
    if (!user || (await findSuppressed(tx, [address])).size > 0) return
    return await queueEmail(tx, user.id, 'ticket')
  })
  if (emailId) log.info({ emailId }, 'queued')
}

/**
 * Whether a link still opens a ticket: it does so once, and for an hour.
 * @returns undefined when we did not make it, or its user is gone
 * @throws when the database is unreachable.
 */
export async function judgeLink(link: string): Promise<'good' | 'over' | undefined> {
  const read = await readTicketLink(link)
  const email = read && (await prisma().email.findUnique({ where: { id: read.emailId } }))
  if (!email) return
  return email.usedAt || read.isOver ? 'over' : 'good'
}

/**
 * Gives the ticket to the browser that has sent this request. The browser that held it before holds it no more.
 * @returns the id of the ticket, and the session's token
 * @throws {Problem} 404 when the link is none of ours, 410 when it was used, or its hour is over.
 * @throws when the database is unreachable. If that happens in the middle, they have to ask for another link.
 */
export async function openLostTicket(
  request: Request,
  link: string,
): Promise<{ ticketId: string; token: string }> {
  const { emailId, isOver } = (await readTicketLink(link)) ?? {}
  const email = emailId && (await prisma().email.findUnique({ where: { id: emailId } }))
  if (!email) throw notFound()
  // Of two at the same moment, one is the first.
  const isFirst =
    !isOver &&
    (await prisma().$executeRaw`
      UPDATE "Email" SET "usedAt" = now() FROM "User"
      WHERE "Email".id = ${emailId}::uuid AND "usedAt" IS NULL AND "User".id = "userId" AND erasure IS NULL`) >
      0
  if (!isFirst) throw new Problem(410, 'This link is over', { detail: 'It works once, and for an hour.' })
  const [ticketId = emailId] = await listTicketMails(emailId)
  return { ticketId, token: await signIn(request, email.userId) }
}
