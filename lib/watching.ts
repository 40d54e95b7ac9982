import { PrismaPg } from '@prisma/adapter-pg'
import { Pool } from 'pg'
import { env } from './env'
import { PrismaClient } from './generated/prisma/client'
import { READS_AT_ONCE } from './reader'

const shared = globalThis as { watching?: PrismaClient }

/** A client for what many watch, with connections of its own: neither they nor a crowd that signs up wait for the other. */
export function watching(): PrismaClient {
  shared.watching ??= new PrismaClient({ adapter: new PrismaPg(createPool()) })
  return shared.watching
}

function createPool(): Pool {
  const pool = new Pool({
    connectionString: env('DATABASE_URL'),
    max: READS_AT_ONCE,
    // Kept ready, and patient: while thousands of streams are opened, a handshake takes its time.
    idleTimeoutMillis: 0,
    connectionTimeoutMillis: 15_000,
    query_timeout: 15_000,
    keepAlive: true,
  })
  // As in lib/prisma.ts: an `error` that nobody listens to would end the process.
  return pool.on('connect', (client) => client.on('error', () => {}))
}
