import { Prisma } from '../generated/prisma/client'
import { enqueue } from '../queue'
import type { StrandedKind } from '../sending/stranded'

export const EXPORT: StrandedKind = {
  waiting: Prisma.sql`SELECT id, "createdAt" AS since FROM "Export" WHERE status IN ('queued', 'working')`,
  job: { queues: ['export-data', 'export-data-dead'], field: 'exportId' },
  lock: (tx, id) => tx.$queryRaw`SELECT FROM "Export" WHERE id = ${id}::uuid FOR UPDATE`,
  repair: (tx, exportId) => enqueue(tx, 'export-data', { exportId }),
}

export const FILE: StrandedKind = {
  waiting: Prisma.sql`SELECT id, "createdAt" AS since FROM "Export" WHERE status = 'ready'`,
  job: { queues: ['expire-export'], field: 'exportId' },
  lock: EXPORT.lock,
  async repair(tx, exportId) {
    const { expiresAt } = await tx.export.findUniqueOrThrow({ where: { id: exportId } })
    await enqueue(tx, 'expire-export', { exportId }, { startAfter: expiresAt ?? undefined })
  },
}
