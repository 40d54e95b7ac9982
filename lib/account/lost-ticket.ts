import { prisma, type Transaction } from '../db/prisma'
import { notFound } from '../http/problem'
import { log } from '../log'
import { openQueue } from '../queue'
import { queueEmail } from '../sending/enqueue'
import { hashMailbox } from '../sending/mailbox'
import { isSuppressed } from '../sending/suppression'
import { lockUser } from '../signup/lock-user'
import { linkExpired } from './read-link'
import { readToken, signIn } from './session'
import { listTicketMails } from './ticket'

/**
 * Sends the ticket of whoever has signed up with this address to that address, if there is somebody, and if they want
 * mail. The caller answers the same in each case.
 * @throws when the database or the queue is unavailable.
 */
export async function sendLostTicket(address: string): Promise<void> {
  await openQueue()
  const emailId = await prisma().$transaction(async (tx) => {
    const complaint = { recipient: null, status: 'complained' } as const
    const user = await tx.user.findFirst({
      where: { email: address, erasure: null, emails: { none: complaint } },
    })
    if (!user || (await isSuppressed(tx, hashMailbox(address)))) return
    return await queueEmail(tx, user.id, 'ticket')
  })
  if (emailId) log.info({ emailId }, 'queued')
}

/**
 * Gives the ticket to the browser that has sent this request. The browser that held it before holds it no more. The link
 * works once, and only while its mailbox is still the user's.
 * @param emailId the mail in which the link was
 * @returns the id of the ticket, and the session's token
 * @throws {Problem} 404 when the user is gone, 410 when the link was used or the address was corrected.
 * @throws when the database is unreachable.
 */
export async function openLostTicket(
  request: Request,
  emailId: string,
): Promise<{ ticketId: string; token: string }> {
  const email = await prisma().email.findUnique({ where: { id: emailId } })
  if (!email) throw notFound()
  const token = await prisma().$transaction(async (tx) => {
    await lockUser(tx, email.userId)
    const isFirst = await tx.$executeRaw`
      UPDATE "Email" SET "usedAt" = now() WHERE id = ${emailId}::uuid AND "usedAt" IS NULL`
    if (!isFirst || !(await confirmMailbox(tx, emailId))) throw linkExpired()
    return await signIn(tx, email.userId, readToken(request))
  })
  const [ticketId = emailId] = await listTicketMails(emailId)
  return { ticketId, token }
}

/**
 * Remembers that somebody reads the mailbox of a user: they have used a link that was sent there.
 * @returns false when the mailbox is not the user's any more
 * @throws when the database is unreachable.
 */
export async function confirmMailbox(
  db: Pick<Transaction, '$executeRaw'>,
  emailId: string,
): Promise<boolean> {
  const users = await db.$executeRaw`
    UPDATE "User" SET "confirmedAt" = coalesce("confirmedAt", now()) FROM "Email"
    WHERE "Email".id = ${emailId}::uuid AND "userId" = "User".id AND recipient IS NULL
      AND coalesce("Email".mailbox = "User".mailbox, true)`
  return users > 0
}
