import { Prisma } from '../generated/prisma/client'
import { enqueue } from '../queue'
import { isOld, type Kind, lacksJob } from '../stranded'

/** An export that is to be made, and has no job. */
export const EXPORT: Kind = {
  stranded: Prisma.sql`
    SELECT id FROM "Export" WHERE status IN ('queued', 'working') AND ${isOld(Prisma.sql`"createdAt"`)}
      AND ${lacksJob(['export-data', 'export-data-dead'], 'exportId', Prisma.sql`"Export".id`)}`,
  lock: (tx, id) => tx.$queryRaw`SELECT FROM "Export" WHERE id = ${id}::uuid FOR UPDATE`,
  mend: (tx, exportId) => enqueue(tx, 'export-data', { exportId }),
}

/** A file that is to be deleted, and has no job. */
export const FILE: Kind = {
  stranded: Prisma.sql`
    SELECT id FROM "Export" WHERE status = 'ready' AND ${isOld(Prisma.sql`"createdAt"`)}
      AND ${lacksJob(['expire-export'], 'exportId', Prisma.sql`"Export".id`)}`,
  lock: EXPORT.lock,
  async mend(tx, exportId) {
    const { expiresAt } = await tx.export.findUniqueOrThrow({ where: { id: exportId } })
    await enqueue(tx, 'expire-export', { exportId }, { startAfter: expiresAt ?? undefined })
  },
}
