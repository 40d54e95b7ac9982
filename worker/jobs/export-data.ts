import { setTimeout as sleep } from 'node:timers/promises'
import { prisma, type Transaction } from '@/lib/db/prisma'
import { env } from '@/lib/env'
import { CHAPTERS } from '@/lib/orders/export/chapters'
import type { Job } from '@/lib/queue'
import { enqueue } from '@/lib/queue'
import { stopping } from '../stop'

const DAY_MS = 24 * 3600 * 1000

/** Saves each chapter, so that another worker can resume. @throws when the worker stops */
export default async function exportData({ data, signal }: Job<'export-data'>): Promise<void> {
  const { exportId } = data
  await reopenExport(exportId)
  const found = await prisma().export.findUnique({ where: { id: exportId } })
  if (!found) return
  const missing = CHAPTERS.filter(({ name }) => !Object.hasOwn(found.content as object, name))

  for (const { name, gather } of missing) {
    const isSaved = await prisma().$transaction(async (tx) => {
      // "This wasn't me" takes this lock, too, and then removes the address from what is saved.
      await tx.$queryRaw`SELECT FROM "User" WHERE id = ${found.userId}::uuid FOR NO KEY UPDATE`
      return await saveChapter(tx, exportId, { [name]: await gather(tx, found.userId) })
    })
    if (!isSaved) return
    const pauseMs = name === CHAPTERS.at(-1)?.name ? 0 : env('EXPORT_PAUSE_MS')
    await sleep(pauseMs, undefined, { signal: AbortSignal.any([signal, stopping]) })
  }
  await finish(exportId)
}

// For a redriven job. If the user has started a newer export, this one stays failed.
async function reopenExport(id: string): Promise<void> {
  await prisma().$executeRaw`
    UPDATE "Export" AS old SET status = 'queued' WHERE id = ${id}::uuid AND status = 'failed'
      AND NOT EXISTS (SELECT FROM "Export" WHERE "userId" = old."userId" AND "createdAt" > old."createdAt")`
}

async function saveChapter(tx: Transaction, id: string, chapter: Record<string, unknown>): Promise<boolean> {
  const saved = await tx.$executeRaw`
    UPDATE "Export" SET status = 'working', content = content || ${JSON.stringify(chapter)}::jsonb
    WHERE id = ${id}::uuid AND status IN ('queued', 'working')`
  return saved > 0
}

async function finish(id: string): Promise<void> {
  await prisma().$transaction(async (tx) => {
    const count = await tx.$executeRaw`
      UPDATE "Export" SET status = 'ready', "expiresAt" = now() + make_interval(secs => ${DAY_MS / 1000})
      WHERE id = ${id}::uuid AND status IN ('queued', 'working')`
    if (count > 0) await enqueue(tx, 'expire-export', { exportId: id }, { delayMs: DAY_MS })
  })
}
