import { prisma } from '@/lib/db/prisma'
import { OPEN } from '@/lib/orders/export/request'
import type { Job } from '../work'

/** Marks an export as failed after its last attempt. The user can ask for a new one. */
export default async function failExport({ data }: Job<'export-data-dead'>): Promise<void> {
  await prisma().export.updateMany({
    where: { id: data.exportId, status: { in: OPEN } },
    data: { status: 'failed', content: {} },
  })
}
