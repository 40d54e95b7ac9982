import { eraseUser } from '@/lib/account/erase'
import { prisma } from '@/lib/db/prisma'
import { enqueue } from '@/lib/queue'
import type { Job } from '../work'

const PAUSE_MS = 2_000

export default async function eraseUserLater({ data }: Job<'erase-user'>): Promise<void> {
  await prisma().$transaction(async (tx) => {
    if (await eraseUser(tx, data.userId)) return
    await enqueue(tx, 'erase-user', data, { delayMs: PAUSE_MS })
  })
}
