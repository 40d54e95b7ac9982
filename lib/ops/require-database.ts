import { isUnavailable } from '../db/prisma'
import { unavailable } from '../http/problem'
import { memoizeFor } from '../live/memoize-for'
import { readPool } from '../live/read-pool'
import { log, reasonOf } from '../log'

const PAGES = [
  /^\/tickets\//,
  /^\/(inbox|backstage)(\/|$)/, // stage
]

/** Runs before a page, because Next answers 500 when a page throws. @throws {Problem} 503 while the database is unreachable */
export async function requireDatabase({ method, url }: Request): Promise<void> {
  const { pathname } = new URL(url)
  const page = PAGES.find((pattern) => pattern.test(pathname))
  if (!page) return
  try {
    await askDatabase()
  } catch (error) {
    if (!isUnavailable(error)) throw error
    log.error({ reason: reasonOf(error) }, `${method} ${page.exec(pathname)?.[0]}`)
    throw unavailable(
      'Our database cannot be reached. Nothing is lost, and what was in the queue goes out later.',
    )
  }
}

const askDatabase = memoizeFor(100, () => readPool().$queryRaw`SELECT`)
