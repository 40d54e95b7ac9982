import { PrismaPg } from '@prisma/adapter-pg'
import { MeasuredPool } from '../db/pool'
import { PrismaClient } from '../generated/prisma/client'
import { READS_AT_ONCE } from './batch-reader'

const shared = globalThis as { readPool?: PrismaClient }

/** Returns a Prisma client for streams, with its own connections: streams and signups must not wait for each other. */
export function readPool(): PrismaClient {
  // While thousands of streams are opened, a handshake is slow.
  const limits = { idleTimeoutMillis: 0, connectionTimeoutMillis: 15_000, statementTimeoutMs: 15_000 }
  shared.readPool ??= new PrismaClient({
    adapter: new PrismaPg(new MeasuredPool({ max: READS_AT_ONCE, ...limits })),
    errorFormat: 'minimal',
  })
  return shared.readPool
}
