import type { Transaction } from '../db/prisma'
import { log } from '../log'
import { transactionWithQueue } from '../queue'
import { queueEmail } from '../sending/enqueue'
import { suppressMailbox } from '../sending/suppression'
import type { Link } from './read-link'
import { markForErasure } from './request-erasure'

/** How `recipient` of a refused invitation begins. */
export const FORGOTTEN = 'forgotten '

/**
 * Handles "This wasn't me": suppresses the mailbox, and erases its user or the address of an invitation. A confirmed mailbox
 * first gets a mail that asks, whose link sets `isSure`. Idempotent.
 * @param link its mail or user may be deleted, and its mailbox is suppressed all the same
 * @returns isErasing: the user of this mailbox
 */
export async function disown(link: Link, isSure: boolean): Promise<{ isAsked: boolean; isErasing: boolean }> {
  const { emailId } = link
  return await transactionWithQueue(async (tx) => {
    const mail = await lockMail(tx, emailId)
    const mailbox = link.mailbox ?? mail?.mailbox
    if (!mailbox) return { isAsked: false, isErasing: false }
    const isInvitation = mail !== undefined && mail.recipient !== null
    const isErasing = mail !== undefined && !isInvitation && mail.isTheirs && (isSure || !mail.isConfirmed)
    const owner = isSure ? undefined : await findConfirmed(tx, mailbox, mail?.userId)
    if (isInvitation) {
      // While its owner is asked, the row keeps the mailbox, so that the inviter cannot invite it again.
      await tx.email.update({
        where: { id: emailId },
        data: { recipient: FORGOTTEN + emailId, mailbox: owner ? mailbox : null },
      })
      await removeFromExports(tx, mail) // orders
    } else if (isErasing) await markForErasure(tx, mail.userId)
    if (owner) await askFirst(tx, owner)
    else await suppressMailbox(tx, mailbox)
    return { isAsked: owner !== undefined, isErasing }
  })
}

type Mail = {
  userId: string
  mailbox: string | null
  /** Of an invitation. */
  recipient: string | null
  isConfirmed: boolean
  isTheirs: boolean
}

// `NO KEY`, because a new mail locks the key of its user: two users who refuse each other's invitations would be in a deadlock.
async function lockMail(tx: Transaction, emailId: string): Promise<Mail | undefined> {
  const [mail] = await tx.$queryRaw<Mail[]>`
    SELECT "userId", "Email".mailbox, recipient, "confirmedAt" IS NOT NULL AS "isConfirmed",
      coalesce("Email".mailbox = "User".mailbox, false) AS "isTheirs"
    FROM "Email" JOIN "User" ON "User".id = "userId" WHERE "Email".id = ${emailId}::uuid FOR NO KEY UPDATE OF "User"`
  return mail
}

// orders
async function removeFromExports(tx: Transaction, { userId, recipient }: Mail): Promise<void> {
  await tx.$executeRaw`
    UPDATE "Export" SET content = jsonb_set(content, '{invitations}', (
      SELECT coalesce(jsonb_agg(entry), '[]') FROM jsonb_array_elements(content->'invitations') AS entry
      WHERE entry->>'recipient' <> ${recipient}))
    WHERE "userId" = ${userId}::uuid AND content ? 'invitations'`
}

// Several users can share a mailbox: ada+a@ and ada+b@. Prefers the recipient of the mail.
async function findConfirmed(
  tx: Transaction,
  mailbox: string,
  userId: string | undefined,
): Promise<string | undefined> {
  const [user] = await tx.$queryRaw<{ id: string }[]>`
    SELECT id FROM "User" WHERE mailbox = ${mailbox} AND "confirmedAt" IS NOT NULL AND erasure IS NULL
    ORDER BY id = ${userId ?? null}::uuid DESC, "createdAt" LIMIT 1`
  return user?.id
}

// At most once a day, so that a stranger cannot flood the mailbox.
async function askFirst(tx: Transaction, userId: string): Promise<void> {
  const asked = await tx.$queryRaw<unknown[]>`
    SELECT FROM "Email" WHERE "userId" = ${userId}::uuid AND kind = 'forget' AND "createdAt" > now() - interval '1 day'`
  if (asked.length > 0) return
  log.info({ emailId: await queueEmail(tx, userId, 'forget') }, 'queued')
}
