import { prisma, type Transaction } from '../db/prisma'
import { log } from '../log'
import { openQueue } from '../queue'
import { queueEmail } from '../sending/enqueue'
import { suppressMailbox } from '../sending/suppression'
import { markForErasure } from './request-erasure'

/** Stands in the place of a friend's address, with the id of the email. */
const FORGOTTEN = 'forgotten'

/**
 * What the reader of a mailbox can say of a mail that a stranger has caused. A link speaks for the mailbox to which its mail
 * went: the user is erased only if that is still theirs, a friend's address is forgotten, and we email that mailbox no more
 * for 30 days. If a user has confirmed the mailbox, one click erases nothing of theirs: they get a mail that asks first.
 * Saying it twice is saying it once.
 * @param isSure true for the link in the mail that asked
 * @returns whether the mailbox was asked
 * @throws when the database or the queue is unavailable.
 */
export async function disown(emailId: string, isSure: boolean): Promise<{ isAsked: boolean }> {
  await openQueue()
  return await prisma().$transaction(async (tx) => {
    const mail = await lockMail(tx, emailId)
    // Gone, or a friend's address that is forgotten already.
    if (!mail?.mailbox) return { isAsked: false }
    if (mail.isInvitation) {
      // Whoever invited them keeps the invitation, not the address.
      const recipient = `${FORGOTTEN} ${emailId}`
      await tx.email.update({ where: { id: emailId }, data: { recipient, mailbox: null } })
    } else if (mail.isTheirs && (isSure || !mail.isConfirmed)) await markForErasure(tx, mail.userId)
    const owner = isSure ? undefined : await findConfirmed(tx, mail.mailbox, mail.userId)
    if (owner) await askFirst(tx, owner)
    else await suppressMailbox(tx, mail.mailbox)
    return { isAsked: owner !== undefined }
  })
}

type Mail = {
  userId: string
  mailbox: string | null
  isInvitation: boolean
  isConfirmed: boolean
  /** Whether its mailbox is still that of its user. */
  isTheirs: boolean
}

async function lockMail(tx: Transaction, emailId: string): Promise<Mail | undefined> {
  const [mail] = await tx.$queryRaw<Mail[]>`
    SELECT "userId", "Email".mailbox, recipient IS NOT NULL AS "isInvitation", "confirmedAt" IS NOT NULL AS "isConfirmed",
      coalesce("Email".mailbox = "User".mailbox, false) AS "isTheirs"
    FROM "Email" JOIN "User" ON "User".id = "userId" WHERE "Email".id = ${emailId}::uuid FOR UPDATE OF "User"`
  return mail
}

/** The user who has confirmed this mailbox: the one whose mail it was, or else the first. */
async function findConfirmed(tx: Transaction, mailbox: string, userId: string): Promise<string | undefined> {
  const [user] = await tx.$queryRaw<{ id: string }[]>`
    SELECT id FROM "User" WHERE mailbox = ${mailbox} AND "confirmedAt" IS NOT NULL AND erasure IS NULL
    ORDER BY id = ${userId}::uuid DESC, "createdAt" LIMIT 1`
  return user?.id
}

/** Once a day: the mail that asks must not become a nuisance itself. */
async function askFirst(tx: Transaction, userId: string): Promise<void> {
  const asked = await tx.$queryRaw<unknown[]>`
    SELECT FROM "Email" WHERE "userId" = ${userId}::uuid AND kind = 'forget' AND "createdAt" > now() - interval '1 day'`
  if (asked.length > 0) return
  log.info({ emailId: await queueEmail(tx, userId, 'forget') }, 'queued')
}
