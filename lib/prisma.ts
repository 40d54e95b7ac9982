import { PrismaPg } from '@prisma/adapter-pg'
import { env } from './env'
import { Prisma, PrismaClient } from './generated/prisma/client'

/** The client inside `prisma.$transaction(async (tx) => …)`. */
export type Transaction = Prisma.TransactionClient

// On globalThis, because Next evaluates this module more than once in a process: pages and route handlers each
// have a copy, and development makes a new one at every edit.
const shared = globalThis as { prisma?: PrismaClient }

/** The one Prisma client of this process. It connects at the first query, and again after a lost connection. */
export function prisma(): PrismaClient {
  shared.prisma ??= new PrismaClient({
    adapter: new PrismaPg({
      connectionString: env('DATABASE_URL'),
      connectionTimeoutMillis: 5_000,
      // A server that stopped answering must not hold a request forever.
      query_timeout: 10_000,
      keepAlive: true,
    }),
    transactionOptions: { maxWait: 5_000, timeout: 10_000 },
  })
  return shared.prisma
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
