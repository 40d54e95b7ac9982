import { Client, type ClientConfig } from 'pg'
import { env } from '../env'

/** How long a statement may take unless its caller says otherwise, in ms. */
const PATIENCE_MS = 10_000

/** Without a listener for `error`, Node ends the process when Postgres cuts a connection. */
export class SafeClient extends Client {
  constructor(config?: string | ClientConfig) {
    super(config)
    this.on('error', () => {})
  }
}

/**
 * What every connection to Postgres asks for, whatever it is used for. Behind a PgBouncer that ignores these settings,
 * the role must have them: see docs/operations.md.
 * @param patienceMs how long the client waits for the answer to a statement, in ms; 0: as long as it takes
 * @param databaseUrl a PostgreSQL connection string
 */
export function connectionConfig(patienceMs = PATIENCE_MS, databaseUrl = env('DATABASE_URL')) {
  // The server ends a statement before the client gives up on it. Otherwise the statement would go on, and its
  // transaction could still be committed after we told the caller that it failed.
  const serverMs = Math.max(0, patienceMs - 1_000)
  const session = {
    // @prisma/adapter-pg drops the offset of a timestamp, so the session has to be in UTC.
    timezone: 'UTC',
    statement_timeout: serverMs,
    lock_timeout: serverMs,
    // A process that froze in a transaction must not keep its locks.
    idle_in_transaction_session_timeout: patienceMs && 15_000,
  }
  const url = new URL(databaseUrl)
  const options = Object.entries(session).map(([name, value]) => `-c ${name}=${value}`)
  // What the connection string asks for stays, for example Neon's `options=endpoint%3D…`.
  url.searchParams.set('options', [url.searchParams.get('options') ?? [], ...options].flat().join(' '))
  return {
    connectionString: url.href,
    Client: SafeClient,
    connectionTimeoutMillis: 5_000,
    query_timeout: patienceMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
  }
}
