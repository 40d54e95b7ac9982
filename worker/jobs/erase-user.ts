import { eraseUser } from '@/lib/account/erase'
import { prisma } from '@/lib/db/prisma'
import type { Job } from '@/lib/queue'
import { enqueue } from '@/lib/queue'

/** How often it looks whether the mails of a user are still under way. */
const PAUSE_MS = 2_000

/** Erases a user, or looks again a little later, if one of their mails is under way. */
export default async function eraseUserLater({ data }: Job<'erase-user'>): Promise<void> {
  await prisma().$transaction(async (tx) => {
    if (await eraseUser(tx, data.userId)) return
    await enqueue(tx, 'erase-user', data, { delayMs: PAUSE_MS })
  })
}
