import { prisma } from '@/lib/db/prisma'
import type { Job } from '@/lib/queue'

/** Deletes the file that an export has left. This job has waited in the queue since the file was ready. */
export default async function expireExport({ data }: Job<'expire-export'>): Promise<void> {
  await prisma().export.updateMany({
    where: { id: data.exportId, status: 'ready' },
    data: { status: 'expired', content: {} },
  })
}
