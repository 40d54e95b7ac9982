import { PrismaPg } from '@prisma/adapter-pg'
import type { PoolConfig } from 'pg'
import { env } from './env'
import { Prisma, PrismaClient } from './generated/prisma/client'
import { MeasuredPool } from './pool'

/** The client inside `prisma.$transaction(async (tx) => …)`. */
export type Transaction = Prisma.TransactionClient

// On globalThis, because Next evaluates this module more than once in a process: pages and route handlers each
// have a copy, and development makes a new one at every edit.
const shared = globalThis as { prisma?: PrismaClient; pool?: MeasuredPool }

/** The one Prisma client of this process. It connects at the first query, and again after a lost connection. */
export function prisma(): PrismaClient {
  shared.prisma ??= new PrismaClient({
    adapter: new PrismaPg(pool()),
    transactionOptions: { maxWait: 5_000, timeout: 10_000 },
  })
  return shared.prisma
}

/** The connections behind `prisma()`. */
export function pool(): MeasuredPool {
  shared.pool ??= createPool({ max: env('DATABASE_POOL_SIZE') })
  return shared.pool
}

/** @param limits how many connections, and what differs from our usual patience */
export function createPool(limits: PoolConfig & { max: number }): MeasuredPool {
  const pool = new MeasuredPool({
    connectionString: env('DATABASE_URL'),
    connectionTimeoutMillis: 5_000,
    // A server that stopped answering must not hold a request forever.
    query_timeout: 10_000,
    // Nor may a process that froze hold its locks, or all others wait for it.
    idle_in_transaction_session_timeout: 15_000,
    keepAlive: true,
    ...limits,
  })
  // A connection can be lost in the very moment in which the pool hands it out. Its next query fails, which is
  // enough; but an `error` that nobody listens to would end the process.
  pool.on('connect', (client) => client.on('error', () => {}))
  return pool
}

// Violations of a unique or a foreign key, and a row that should be there.
const OUR_MISTAKES = ['P2002', 'P2003', 'P2025']

/** Whether an error came from the database or the way to it, rather than from a mistake in our code. */
export function isDatabaseError(error: unknown): boolean {
  return (
    (error instanceof Prisma.PrismaClientKnownRequestError && !OUR_MISTAKES.includes(error.code)) ||
    error instanceof Prisma.PrismaClientUnknownRequestError ||
    error instanceof Prisma.PrismaClientInitializationError ||
    // The connection pool throws plain errors: only their words tell.
    (error instanceof Error &&
      /^(timeout exceeded|Connection terminated|Query read timeout)/.test(error.message))
  )
}
