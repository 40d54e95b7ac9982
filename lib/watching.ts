import { PrismaPg } from '@prisma/adapter-pg'
import { Pool } from 'pg'
import { env } from './env'
import { PrismaClient } from './generated/prisma/client'
import { READS_AT_ONCE } from './reader'

const shared = globalThis as { watching?: PrismaClient }

/**
 * A client with few connections of its own, for what many watch. When a crowd signs up, those who watch don't stand
 * in its queue, and they never take a connection from it.
 */
export function watching(): PrismaClient {
  shared.watching ??= new PrismaClient({ adapter: new PrismaPg(createPool()) })
  return shared.watching
}

function createPool(): Pool {
  const pool = new Pool({
    connectionString: env('DATABASE_URL'),
    max: READS_AT_ONCE,
    // Ready when a crowd comes back: while thousands of requests are opened, a handshake takes its time.
    idleTimeoutMillis: 0,
    connectionTimeoutMillis: 15_000,
    query_timeout: 15_000,
    keepAlive: true,
  })
  // As in lib/prisma.ts: a connection that is lost while nobody looks must not end the process.
  pool.on('connect', (client) => client.on('error', () => {}))
  return pool
}
