import { prisma, type Transaction } from '../db/prisma'
import { enqueue, openQueue } from '../queue'

/** Whoever has asked for it wants to see it begin: their page needs a moment to watch. */
const HEAD_START_MS = 1_000

/**
 * Asks for a user, and all that is known of them, to be erased: a mark and a job, both or none. From then on nothing is
 * sent to them any more. Asking twice is asking once.
 * @throws when the database or the queue is unavailable.
 */
export async function requestErasure(userId: string): Promise<void> {
  await openQueue()
  await prisma().$transaction((tx) => markForErasure(tx, userId))
}

/** The same, in the caller's transaction. */
export async function markForErasure(tx: Transaction, userId: string): Promise<void> {
  const { count } = await tx.user.updateMany({
    where: { id: userId, erasure: null },
    data: { erasure: 'requested' },
  })
  if (count > 0) await enqueue(tx, 'erase-user', { userId }, { delayMs: HEAD_START_MS })
}
