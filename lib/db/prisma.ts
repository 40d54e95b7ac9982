import { PrismaPg } from '@prisma/adapter-pg'
import { env } from '../env'
import { Prisma, PrismaClient } from '../generated/prisma/client'
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
    // Other formats quote what the query was about.
    errorFormat: 'minimal',
    transactionOptions: { maxWait: 5_000, timeout: 10_000 },
  })
  return shared.prisma
}

/** The connections behind `prisma()`. */
export function pool(): MeasuredPool {
  shared.pool ??= new MeasuredPool({ max: env('DATABASE_POOL_SIZE') })
  return shared.pool
}

// What SQLSTATE says of the server rather than of our statement: connections, a wrong password, a missing or read-only
// database, conflicts, resources, locks, shutdowns, disks, what a trigger refuses, and a table that was not migrated yet
// (https://www.postgresql.org/docs/current/errcodes-appendix.html).
const PASSING_STATE = /^(08|25|28|3D|40|53|55|57|58|P0|42P01)/
// The same for Prisma: connections, transactions that took too long, conflicts (https://pris.ly/d/error-reference).
const PASSING_CODE = /^(P1\d{3}|P2024|P2028|P2034|P2037)$/
const NETWORK_CODE = /^(ECONN|ETIMEDOUT|EPIPE|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH)/
// The pool and the driver throw plain errors: only their words tell.
const PASSING_WORDS = /^(timeout exceeded|Connection terminated|Query read timeout|Client (has|was))/

type DatabaseError = Error & {
  /** Prisma's, Postgres's or the system's. */
  code?: string
  meta?: { driverAdapterError?: DatabaseError }
  /** What the driver tells of it. */
  cause?: { kind?: string; originalCode?: string }
}

/** Whether the database or the way to it is in trouble, so that trying again may help: no mistake of ours. */
export function isUnavailable(error: unknown): boolean {
  if (error instanceof AggregateError) return error.errors.some(isUnavailable)
  if (error instanceof Prisma.PrismaClientInitializationError) return true
  if (error instanceof Prisma.PrismaClientUnknownRequestError) return true
  const { code = '', message, meta } = error as DatabaseError
  const { cause } = meta?.driverAdapterError ?? (error as DatabaseError)
  // Without a SQLSTATE, Postgres was not reached: that is class 08.
  const state = cause?.kind ? (cause.originalCode ?? '08') : code
  return (
    PASSING_STATE.test(state) ||
    PASSING_CODE.test(code) ||
    NETWORK_CODE.test(code) ||
    PASSING_WORDS.test(message)
  )
}

/** Whether a row with this key is there already. */
export function isUniqueViolation(error: unknown): boolean {
  return error instanceof Prisma.PrismaClientKnownRequestError && error.code === 'P2002'
}
