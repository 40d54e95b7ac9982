import type { Transaction } from '../db/prisma'
import type { User } from '../generated/prisma/client'
import { deleteJobsAbout, lockJobsAbout } from '../queue'
import { areInFlight, removeFromBatches } from '../sending/batch-contents'

/**
 * Deletes a user with all data, unless one of their mails is in flight: a batch in doubt must be retried unchanged.
 * @returns false when the erasure has to wait.
 */
export async function eraseUser(tx: Transaction, id: string): Promise<boolean> {
  const [user] = await tx.$queryRaw<ErasedUser[]>`
    SELECT "sessionId", "signupKey", "signupHash" FROM "User" WHERE id = ${id}::uuid FOR UPDATE`
  if (!user) return true
  const emails = await tx.email.findMany({ where: { userId: id }, select: { id: true } })
  const emailIds = emails.map((email) => email.id)
  const jobsAbout = [id, ...emailIds]
  const exports = await tx.export.findMany({ where: { userId: id }, select: { id: true } }) // orders
  jobsAbout.push(...exports.map((file) => file.id)) // orders
  await lockJobsAbout(tx, jobsAbout)
  // A worker that writes a batch holds these locks. After its commit, `areInFlight` sees the batch.
  await tx.$queryRaw`SELECT FROM "Email" WHERE "userId" = ${id}::uuid ORDER BY id FOR UPDATE`
  if (await areInFlight(tx, emailIds)) {
    await tx.user.updateMany({ where: { id, erasure: 'requested' }, data: { erasure: 'waiting' } })
    return false
  }
  await removeFromBatches(tx, emailIds)
  await deleteJobsAbout(tx, jobsAbout)
  await spendKey(tx, user)
  await tx.user.delete({ where: { id } })
  // A statement of its own, so that the next one sees what a signup or another erasure of this session has changed meanwhile.
  await tx.$queryRaw`SELECT FROM "Session" WHERE id = ${user.sessionId} FOR UPDATE`
  // SQL, because for `users: { none: {} }` Prisma reads all users.
  await tx.$executeRaw`
    DELETE FROM "Session" WHERE id = ${user.sessionId} AND NOT EXISTS (SELECT FROM "User" WHERE "sessionId" = "Session".id)`
  return true
}

type ErasedUser = Pick<User, 'sessionId' | 'signupKey' | 'signupHash'>

// For a day, a replay of the signup must not create the user again.
async function spendKey(tx: Transaction, { signupKey, signupHash }: ErasedUser): Promise<void> {
  if (!signupKey) return
  await tx.$executeRaw`
    INSERT INTO "SpentKey" (key, hash, until) VALUES (${signupKey}, ${signupHash}, now() + interval '1 day')
    ON CONFLICT (key) DO UPDATE SET hash = excluded.hash, until = excluded.until`
}
