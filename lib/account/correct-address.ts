import { isUniqueViolation, prisma } from '../db/prisma'
import { Problem } from '../http/problem'
import { readSnapshot } from '../live/snapshot'
import { log } from '../log'
import { openQueue } from '../queue'
import { queueEmail } from '../sending/enqueue'
import { hashMailbox } from '../sending/mailbox'
import { refuseSuppressed } from '../sending/suppression'
import { lockUser } from '../signup/lock-user'
import { addressTaken, type Signup } from '../signup/signup'

/**
 * Gives a user another address, after the mail to the old one was refused, and has another welcome sent there. That is a
 * mail of its own: reports on the old one, however late, stay with the old one.
 * @param email canonical
 * @throws {Problem} 409 when no mail came back, or the address is taken or wants no mail; 422 when it is the same; 404
 * when the user is gone, or about to be.
 * @throws when the database or the queue is unavailable.
 */
export async function correctAddress(userId: string, email: string): Promise<Signup> {
  await openQueue()
  const { id, user } = await prisma()
    .$transaction(async (tx) => {
      await lockUser(tx, userId)
      const last = await tx.email.findFirstOrThrow({
        where: { userId, kind: 'welcome' },
        orderBy: { createdAt: 'desc' },
        include: { user: true },
      })
      if (last.status !== 'bounced' && last.status !== 'suppressed')
        throw new Problem(409, 'Nothing to correct', { detail: 'No mail to this address came back.' })
      if (last.user.email === email) {
        throw new Problem(422, 'Check what you entered', {
          errors: { email: ['The mail to this address came back. Enter another one.'] },
        })
      }
      const mailbox = hashMailbox(email)
      await refuseSuppressed(tx, mailbox)
      const data = { email, mailbox, confirmedAt: null }
      const user = await tx.user.update({ where: { id: userId }, data })
      return { id: await queueEmail(tx, userId, 'welcome'), user }
    })
    .catch((error) => {
      throw isUniqueViolation(error) ? addressTaken() : error
    })
  log.info({ emailId: id }, 'queued')
  const welcomeEmail = await readSnapshot(id)
  // Erased in that very moment.
  if (!welcomeEmail) throw new Problem(404, 'Not found')
  return { user: { id: user.id, name: user.name, email: user.email }, welcomeEmail }
}
