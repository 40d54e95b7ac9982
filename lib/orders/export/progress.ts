import { prisma } from '../../db/prisma'
import type { ExportStatus } from '../../generated/prisma/client'
import { CHAPTERS } from './chapters'

/** How far an export is. */
export type Progress = {
  status: ExportStatus
  /** How many chapters are done, of how many. */
  done: number
  total: number
  /** What is being gathered, in words. */
  chapter?: string
  /** ISO 8601 in UTC: until then, there is a file. */
  expiresAt?: string
}

/**
 * How far the newest export of a user is, or null when there never was one.
 * @throws when the database is unreachable.
 */
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
