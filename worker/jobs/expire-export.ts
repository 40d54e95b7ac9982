import { prisma } from '@/lib/db/prisma'
import type { Job } from '@/lib/queue'

export default async function expireExport({ data }: Job<'expire-export'>): Promise<void> {
  await prisma().export.updateMany({
    where: { id: data.exportId, status: 'ready' },
    data: { status: 'expired', content: {} },
  })
}
