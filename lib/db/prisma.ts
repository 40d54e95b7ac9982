import { PrismaPg } from '@prisma/adapter-pg'
import { env } from '../env'
import { Prisma, PrismaClient } from '../generated/prisma/client'
import { reasonOf } from '../log'
import { perProcess } from '../process'
import { MeasuredPool } from './pool'

export type Transaction = Prisma.TransactionClient

// Not `perProcess`, so that after `prisma generate` the client has the new models.
let client: PrismaClient | undefined

export function prisma(): PrismaClient {
  client ??= new PrismaClient({
    adapter: new PrismaPg(pool()),
    // Other formats quote the arguments, which are personal data.
    errorFormat: 'minimal',
    transactionOptions: { maxWait: 5_000, timeout: 10_000 },
  })
  return client
}

export function pool(): MeasuredPool {
  return perProcess('pool', () => new MeasuredPool({ max: env('DATABASE_POOL_SIZE') }))
}

// SQLSTATEs of the server's state, not of our statement (https://www.postgresql.org/docs/current/errcodes-appendix.html).
// P0: a trigger that raises. 42P01: a table that is not migrated yet.
const TRANSIENT_STATE = /^((08|25|28|3D|40|53|55|57|58|P0)[\dA-Z]{3}|42P01)$/
// Prisma: connections, transaction timeouts, conflicts (https://pris.ly/d/error-reference). And lib/queue.ts.
const TRANSIENT_CODE = /^(P1\d{3}|P2024|P2028|P2034|P2037|QUEUE_UNAVAILABLE)$/
const NETWORK_CODE = /^(ECONN|ETIMEDOUT|EPIPE|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH)/
const TRANSIENT_MESSAGE = /^(timeout exceeded|Connection terminated|Query read timeout|Client (has|was))/

type DatabaseError = Error & {
  code?: string
  meta?: { driverAdapterError?: DatabaseError }
  cause?: { kind?: string; originalCode?: string }
}

/** True for transient errors of the database or the network. */
export function isUnavailable(error: unknown): boolean {
  if (error instanceof AggregateError) return error.errors.some(isUnavailable)
  if (error instanceof Prisma.PrismaClientInitializationError) return true
  if (error instanceof Prisma.PrismaClientUnknownRequestError) return true
  // A job of yours may throw anything, also null, or an error of another library with a code such as 404.
  const thrown = Object(error) as DatabaseError
  const { name, code = '', message, meta } = thrown
  // BEGIN or COMMIT has failed, for example because of pg-boss's deferred foreign key to a queue that is missing.
  if (name === 'DriverAdapterError') return true
  const { cause } = meta?.driverAdapterError ?? thrown
  // Without a SQLSTATE, Postgres was not reached: class 08.
  const state = cause?.kind ? (cause.originalCode ?? '08000') : code
  return (
    TRANSIENT_STATE.test(state) ||
    TRANSIENT_CODE.test(code) ||
    NETWORK_CODE.test(code) ||
    TRANSIENT_MESSAGE.test(message)
  )
}

/** The fields of a log line: the reason of a transient error, any other error with its stack. */
export function toLogFields(error: unknown): { reason: string } | { err: unknown } {
  return isUnavailable(error) ? { reason: reasonOf(error) } : { err: error }
}

export function isUniqueViolation(error: unknown): boolean {
  return error instanceof Prisma.PrismaClientKnownRequestError && error.code === 'P2002'
}
