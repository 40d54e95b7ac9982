import { PrismaPg } from '@prisma/adapter-pg'
import { MeasuredPool } from '../db/pool'
import { PrismaClient } from '../generated/prisma/client'
import { perProcess } from '../process'
import { READS_AT_ONCE } from './batch-reader'

// Not `perProcess`, for the reason in lib/db/prisma.ts.
let client: PrismaClient | undefined

/** A Prisma client with connections of its own, so that the snapshots of streams and signups do not wait for each other. */
export function readPool(): PrismaClient {
  // A handshake is slow while thousands of streams open.
  const limits = { idleTimeoutMillis: 0, connectionTimeoutMillis: 15_000, statementTimeoutMs: 15_000 }
  const pool = perProcess('readPool', () => new MeasuredPool({ max: READS_AT_ONCE, ...limits }))
  client ??= new PrismaClient({ adapter: new PrismaPg(pool), errorFormat: 'minimal' })
  return client
}
