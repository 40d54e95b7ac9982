import { findOwner } from '../account/owner'
import { readToken } from '../account/session'
import { isUnavailable } from '../db/prisma'
import { unavailable } from '../http/problem'
import { memoizeFor } from '../live/memoize-for'
import { readPool } from '../live/read-pool'
import { readSnapshot } from '../live/snapshot'
import { log, reasonOf } from '../log'

const PAGES = [
  /^\/tickets\//,
  /^\/(inbox|backstage)(\/|$)/, // stage
]

/** Runs before a page, because Next answers 500 when a page throws. @throws {Problem} 503 when the database does not answer */
export async function requireDatabase(request: Request): Promise<void> {
  const { pathname } = new URL(request.url)
  const page = PAGES.find((pattern) => pattern.test(pathname))
  if (!page) return
  try {
    await askDatabase()
    // A table may be locked.
    const [, section, id = ''] = pathname.split('/')
    if (section === 'tickets') await Promise.all([readSnapshot(id), findOwner(id, readToken(request))])
  } catch (error) {
    if (!isUnavailable(error)) throw error
    log.error({ reason: reasonOf(error) }, `${request.method} ${page.exec(pathname)?.[0]}`)
    throw unavailable(
      'Our database cannot be reached. Nothing is lost, and what was in the queue goes out later.',
    )
  }
}

const askDatabase = memoizeFor(100, () => readPool().$queryRaw`SELECT`)
