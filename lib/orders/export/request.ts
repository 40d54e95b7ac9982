import { prisma } from '../../db/prisma'
import type { ExportStatus } from '../../generated/prisma/client'
import { enqueue, openQueue } from '../../queue'
import { lockUser } from '../../signup/lock-user'
import { type Progress, readProgress } from './progress'

/** The statuses of an export that is still to be done. */
export const OPEN: ExportStatus[] = ['queued', 'working']

/**
 * Asks for a file with a user's data: its record and its job, both or none. If one is being made, it is that one.
 * @throws when the database or the queue is unavailable.
 */
export async function startExport(userId: string): Promise<Progress | null> {
  await openQueue()
  await prisma().$transaction(async (tx) => {
    await lockUser(tx, userId)
    if (await tx.export.findFirst({ where: { userId, status: { in: OPEN } } })) return
    const { id } = await tx.export.create({ data: { userId } })
    await enqueue(tx, 'export-data', { exportId: id })
  })
  return await readProgress(userId)
}

/**
 * Calls off the export that is being made. Nobody has to reach the worker: it finds out when it wants to save.
 * @returns the newest export, whatever has become of it; null when there never was one
 * @throws when the database is unreachable.
 */
export async function cancelExport(userId: string): Promise<Progress | null> {
  await prisma().export.updateMany({
    where: { userId, status: { in: OPEN } },
    data: { status: 'canceled', content: {} },
  })
  return await readProgress(userId)
}
