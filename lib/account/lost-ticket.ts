import { prisma, type Transaction } from '../db/prisma'
import { notFound } from '../http/problem'
import { log } from '../log'
import { transactionWithQueue } from '../queue'
import { queueEmail } from '../sending/enqueue'
import { hashMailbox } from '../sending/mailbox'
import { lockUser } from '../sending/recipients'
import { isSuppressed } from '../sending/suppression'
import { linkExpired } from './read-link'
import { readToken, signIn } from './session'
import { listTicketMails } from './ticket'

/** Enqueues the ticket mail if this address has a ticket. */
export async function sendLostTicket(address: string): Promise<void> {
  const emailId = await transactionWithQueue(async (tx) => {
    const complaint = { recipient: null, status: 'complained' } as const
    const user = await tx.user.findFirst({
      where: { email: address, erasure: null, emails: { none: complaint } },
    })
    if (!user || (await isSuppressed(tx, hashMailbox(address)))) return
    return await queueEmail(tx, user.id, 'ticket')
  })
  if (emailId) log.info({ emailId }, 'queued')
}

/** Moves the ticket to this browser. @throws {Problem} 404 after an erasure, 410 when used or after a corrected address */
export async function openLostTicket(
  request: Request,
  emailId: string,
): Promise<{ ticketId: string; token: string }> {
  const email = await prisma().email.findUnique({ where: { id: emailId } })
  if (!email) throw notFound()
  // Before the transaction: after its commit, a failure would lose the session.
  const [ticketId = emailId] = await listTicketMails(emailId)
  const token = await prisma().$transaction(async (tx) => {
    await lockUser(tx, email.userId)
    const isFirst = await tx.$executeRaw`
      UPDATE "Email" SET "usedAt" = now() WHERE id = ${emailId}::uuid AND "usedAt" IS NULL`
    if (!isFirst || !(await confirmMailbox(tx, emailId))) throw linkExpired()
    return await signIn(tx, email.userId, readToken(request))
  })
  return { ticketId, token }
}

/** Confirms the mailbox of this mail. @returns false unless it is the current mailbox of the mail's user */
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
