import { prisma } from '@/lib/db/prisma'
import { OPEN } from '@/lib/orders/export/request'
import type { Job } from '@/lib/queue'

export default async function failExport({ data }: Job<'export-data-dead'>): Promise<void> {
  await prisma().export.updateMany({
    where: { id: data.exportId, status: { in: OPEN } },
    data: { status: 'failed', content: {} },
  })
}
