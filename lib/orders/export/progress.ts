import { prisma } from '../../db/prisma'
import type { ExportStatus } from '../../generated/prisma/client'
import { CHAPTERS } from './chapters'

export type Progress = {
  status: ExportStatus
  done: number
  total: number
  chapter?: string
  expiresAt?: string
}

/** Reads the progress of a user's newest export, or null. */
export async function readProgress(userId: string): Promise<Progress | null> {
  const [row] = await prisma().$queryRaw<{ status: ExportStatus; expiresAt: Date | null; names: string[] }[]>`
    SELECT status::text, "expiresAt", ARRAY(SELECT jsonb_object_keys(content)) AS names
    FROM "Export" WHERE "userId" = ${userId}::uuid ORDER BY "createdAt" DESC LIMIT 1`
  if (!row) return null
  const missing = CHAPTERS.filter(({ name }) => !row.names.includes(name))
  return {
    status: row.status,
    done: CHAPTERS.length - missing.length,
    total: CHAPTERS.length,
    chapter: row.status === 'working' ? missing[0]?.title : undefined,
    expiresAt: row.status === 'ready' ? row.expiresAt?.toISOString() : undefined,
  }
}
