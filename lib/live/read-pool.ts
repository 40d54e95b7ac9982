import { PrismaPg } from '@prisma/adapter-pg'
import { MeasuredPool } from '../db/pool'
import { PrismaClient } from '../generated/prisma/client'
import { READS_AT_ONCE } from './batch-reader'

// As in lib/db/prisma.ts: one pool for the process, and a client with the present models.
const shared = globalThis as { readPool?: MeasuredPool }
let client: PrismaClient | undefined

/** Returns a Prisma client for streams, with its own connections: streams and signups must not wait for each other. */
export function readPool(): PrismaClient {
  // While thousands of streams are opened, a handshake is slow.
  const limits = { idleTimeoutMillis: 0, connectionTimeoutMillis: 15_000, statementTimeoutMs: 15_000 }
  shared.readPool ??= new MeasuredPool({ max: READS_AT_ONCE, ...limits })
  client ??= new PrismaClient({ adapter: new PrismaPg(shared.readPool), errorFormat: 'minimal' })
  return client
}
