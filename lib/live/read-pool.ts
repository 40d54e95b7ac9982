import { PrismaPg } from '@prisma/adapter-pg'
import { MeasuredPool } from '../db/pool'
import { PrismaClient } from '../generated/prisma/client'
import { READS_AT_ONCE } from './batch-reader'

const shared = globalThis as { watching?: PrismaClient }

/** A client for what many watch, with connections of its own: neither they nor a crowd that signs up wait for the other. */
export function readPool(): PrismaClient {
  // Kept ready, and patient: while thousands of streams are opened, a handshake takes its time.
  const limits = { idleTimeoutMillis: 0, connectionTimeoutMillis: 15_000, statementTimeoutMs: 15_000 }
  shared.watching ??= new PrismaClient({
    adapter: new PrismaPg(new MeasuredPool({ max: READS_AT_ONCE, ...limits })),
    errorFormat: 'minimal',
  })
  return shared.watching
}
