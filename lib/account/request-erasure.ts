import type { Transaction } from '../db/prisma'
import { enqueue, transactionWithQueue } from '../queue'

/** The page needs time to open its stream, in which it shows the erasure. */
const HEAD_START_MS = 1_000

/** Enqueues the erasure and stops all mail to the user. */
export async function requestErasure(userId: string): Promise<void> {
  await transactionWithQueue((tx) => markForErasure(tx, userId))
}

/** Does the same in a transaction. Does nothing for a user who is already being erased. */
export async function markForErasure(tx: Transaction, userId: string): Promise<void> {
  const { count } = await tx.user.updateMany({
    where: { id: userId, erasure: null },
    data: { erasure: 'requested' },
  })
  if (count > 0) await enqueue(tx, 'erase-user', { userId }, { delayMs: HEAD_START_MS })
}
