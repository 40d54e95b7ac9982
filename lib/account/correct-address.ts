import { isUniqueViolation } from '../db/prisma'
import { notFound, Problem } from '../http/problem'
import { readSnapshot } from '../live/snapshot'
import { log } from '../log'
import { transactionWithQueue } from '../queue'
import { queueEmail } from '../sending/enqueue'
import { hashMailbox } from '../sending/mailbox'
import { lockUser } from '../sending/recipients'
import { noMailWanted, rejectSuppressed } from '../sending/suppression'
import { addressTaken, type Signup } from '../signup/signup'

/**
 * Replaces an address whose mail bounced, and enqueues a new welcome mail. A repeated call returns that mail.
 * @param beforeMail is called before the mail is enqueued. What it throws cancels the correction
 * @throws {Problem} 404 after an erasure, 422 when unchanged, 409 when no mail bounced, or the address is taken or suppressed
 */
export async function correctAddress(userId: string, email: string, beforeMail: () => void): Promise<Signup> {
  const { id, user } = await transactionWithQueue(async (tx) => {
    await lockUser(tx, userId)
    const last = await tx.email.findFirstOrThrow({
      where: { userId, kind: 'welcome' },
      orderBy: { createdAt: 'desc' },
      include: {
        user: { include: { _count: { select: { emails: { where: { kind: 'welcome' } } } } } },
        events: { where: { reason: 'no_mail_wanted' } },
      },
    })
    if (last.status !== 'bounced' && last.status !== 'suppressed') {
      // The first answer was lost, or the button was clicked twice.
      const isRepeat = last.user.email === email && last.user._count.emails > 1
      if (isRepeat) return { id: last.id, user: last.user }
      throw new Problem(409, 'Nothing to correct', { detail: 'No mail to your present address came back.' })
    }
    // The address exists, but its owner wants no mail.
    if (last.events.length > 0) throw noMailWanted()
    if (last.user.email === email) {
      throw new Problem(422, 'Check what you entered', {
        errors: { email: ['The mail to this address came back. Enter another address.'] },
      })
    }
    const mailbox = hashMailbox(email)
    await rejectSuppressed(tx, mailbox)
    const data = { email, mailbox, confirmedAt: null }
    const user = await tx.user.update({ where: { id: userId }, data })
    beforeMail()
    const id = await queueEmail(tx, userId, 'welcome')
    return { id, user }
  }).catch((error) => {
    throw isUniqueViolation(error) ? addressTaken() : error
  })
  log.info({ emailId: id }, 'queued')
  const welcomeEmail = await readSnapshot(id)
  // The user was erased after our commit.
  if (!welcomeEmail) throw notFound()
  return { user: { id: user.id, name: user.name, email: user.email }, welcomeEmail }
}
