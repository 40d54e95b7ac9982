import type { Transaction } from '../db/prisma'
import { notFound } from '../http/problem'

/** Locks a user until the transaction ends. @throws {Problem} 404 when the user is erased, or will be. */
export async function lockUser(tx: Transaction, id: string): Promise<void> {
  const rows = await tx.$queryRaw<
    unknown[]
  >`SELECT id FROM "User" WHERE id = ${id}::uuid AND erasure IS NULL FOR UPDATE`
  if (rows.length === 0) throw notFound()
}
