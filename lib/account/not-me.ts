import { prisma } from '../db/prisma'
import { openQueue } from '../queue'
import { suppressMailbox } from '../sending/suppression'
import { readSigned } from '../sign'
import { markForErasure } from './request-erasure'

/** Stands in the place of a friend's address, with the id of the email. */
const FORGOTTEN = 'forgotten'

/** The email in which somebody has found this link, or undefined when we did not make it. */
export function readNotMe(link: string): string | undefined {
  return readSigned('not-me', link)
}

/** Whether the address that this mail went to is forgotten already. @throws when the database is unreachable. */
export async function isDisowned(emailId: string): Promise<boolean> {
  const email = await prisma().email.findUnique({ where: { id: emailId }, select: { recipient: true } })
  return email?.recipient?.startsWith(FORGOTTEN) ?? false
}

/**
 * What whoever reads the mailbox can say of a mail that somebody else has caused. Nobody writes to that mailbox for 30
 * days; a user is erased, and a friend's address is forgotten. Saying it twice is saying it once.
 * @throws when the database or the queue is unavailable.
 */
export async function disown(emailId: string): Promise<void> {
  await openQueue()
  await prisma().$transaction(async (tx) => {
    const email = await tx.email.findUnique({ where: { id: emailId }, include: { user: true } })
    const address = email?.recipient ?? email?.user.email
    if (!email || !address || address.startsWith(FORGOTTEN)) return
    await suppressMailbox(tx, address)
    if (!email.recipient) return await markForErasure(tx, email.userId)
    // Whoever invited them keeps the invitation, not the address.
    await tx.email.update({ where: { id: emailId }, data: { recipient: `${FORGOTTEN} ${emailId}` } })
  })
}
