import { prisma } from '../../db/prisma'
import type { ExportStatus } from '../../generated/prisma/client'
import { enqueue, transactionWithQueue } from '../../queue'
import { lockUser } from '../../sending/recipients'
import { type Progress, readProgress } from './progress'

export const OPEN: ExportStatus[] = ['queued', 'working']

/** Starts an export, unless one is running. @param beforeStart what it throws cancels the start */
export async function startExport(userId: string, beforeStart: () => void): Promise<Progress | null> {
  await transactionWithQueue(async (tx) => {
    await lockUser(tx, userId)
    if (await tx.export.findFirst({ where: { userId, status: { in: OPEN } } })) return
    beforeStart()
    const { id } = await tx.export.create({ data: { userId } })
    await enqueue(tx, 'export-data', { exportId: id })
  })
  return await readProgress(userId)
}

/** Cancels a running export. The worker notices when it saves. */
export async function cancelExport(userId: string): Promise<Progress | null> {
  await prisma().export.updateMany({
    where: { userId, status: { in: OPEN } },
    data: { status: 'canceled', content: {} },
  })
  return await readProgress(userId)
}
