import { databaseNow } from '../../db/clock'
import { prisma } from '../../db/prisma'
import { notFound, Problem } from '../../http/problem'
import { CHAPTERS } from './chapters'

/** Returns the newest export as JSON. @throws {Problem} 404 without any, 409 until it is ready, 410 after it expired */
export async function readFile(userId: string): Promise<string> {
  const newest = await prisma().export.findFirst({ where: { userId }, orderBy: { createdAt: 'desc' } })
  switch (newest?.status) {
    case 'queued':
    case 'working':
      throw new Problem(409, 'Not ready', { detail: 'Your file is still being made.' })
    case 'ready': {
      const { content, createdAt, expiresAt } = newest
      if (!expiresAt || +expiresAt < (await databaseNow())) break
      // jsonb does not keep the order of keys.
      const chapters = CHAPTERS.map(({ name }) => [name, (content as Record<string, unknown>)[name]])
      return JSON.stringify({ askedFor: createdAt, ...Object.fromEntries(chapters) }, null, 2)
    }
    case 'expired':
      break
    default:
      throw notFound()
  }
  throw new Problem(410, 'Expired', { detail: 'Your file was deleted. You can ask for a new one.' })
}
