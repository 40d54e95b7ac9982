import type { Transaction } from '../db/prisma'
import { areUnderWay, takeOutOfBatches } from '../email/forget'
import { deleteJobsAbout } from '../queue'

/**
 * Removes a user and all that is known of them, unless one of their mails is under way: a batch whose outcome is not
 * certain has to be sent again as it is, or its neighbours would get their mails twice, or never.
 * @returns whether nothing is left of the user
 * @throws when the database is unreachable.
 */
export async function eraseUser(tx: Transaction, id: string): Promise<boolean> {
  const [user] = await tx.$queryRaw<{ sessionId: string | null }[]>`
    SELECT "sessionId" FROM "User" WHERE id = ${id}::uuid FOR UPDATE`
  if (!user) return true
  // Whoever is writing a batch with one of them holds these locks, and the batch can be seen when we have them.
  const emails = await tx.$queryRaw<{ id: string }[]>`
    SELECT id FROM "Email" WHERE "userId" = ${id}::uuid ORDER BY id FOR UPDATE`
  const emailIds = emails.map((email) => email.id)
  if (await areUnderWay(tx, emailIds)) {
    await tx.user.updateMany({ where: { id, erasure: 'requested' }, data: { erasure: 'waiting' } })
    return false
  }
  await takeOutOfBatches(tx, emailIds)
  const jobsAbout = [id, ...emailIds]
  const exports = await tx.export.findMany({ where: { userId: id }, select: { id: true } }) // orders
  jobsAbout.push(...exports.map((file) => file.id)) // orders
  await deleteJobsAbout(tx, jobsAbout)
  // Their emails, events and files go with them.
  await tx.user.delete({ where: { id } })
  if (user.sessionId) await tx.session.deleteMany({ where: { id: user.sessionId, users: { none: {} } } })
  return true
}
