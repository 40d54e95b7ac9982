import { eraseUser } from '@/lib/account/erase'
import { prisma } from '@/lib/db/prisma'
import type { Job } from '@/lib/queue'
import { enqueue } from '@/lib/queue'

const PAUSE_MS = 5_000

export default async function eraseUserOrRetry({ data }: Job<'erase-user'>): Promise<void> {
  await prisma().$transaction(async (tx) => {
    if (await eraseUser(tx, data.userId)) return
    // A mail of this user is in flight.
    await enqueue(tx, 'erase-user', data, { delayMs: PAUSE_MS })
  })
}
