import { prisma } from '@/lib/db/prisma'
import { OPEN } from '@/lib/orders/export/request'
import type { Job } from '@/lib/queue'

/** Takes the dead letter of an export and tells its owner that there will be no file. They can ask for a new one. */
export default async function buryExport({ data }: Job<'export-data-dead'>): Promise<void> {
  await prisma().export.updateMany({
    where: { id: data.exportId, status: { in: OPEN } },
    data: { status: 'failed', content: {} },
  })
}
