import { Client, type ClientConfig } from 'pg'
import { env } from '../env'

/** Without an `error` listener, Node ends the process when Postgres closes a connection. */
export class SafeClient extends Client {
  constructor(config?: string | ClientConfig) {
    super(config)
    this.on('error', () => {})
  }
}

/** Returns the settings of a connection (0: no timeout). A PgBouncer may ignore some: see docs/operations.md. */
export function connectionConfig(statementTimeoutMs = 10_000, databaseUrl = env('DATABASE_URL')) {
  // The server ends a statement, also one that waits for a lock, a second before the client gives up. Otherwise its
  // transaction could commit after the caller got an error.
  const serverMs = Math.max(0, statementTimeoutMs - 1_000)
  const session = {
    // @prisma/adapter-pg drops the offset of a timestamp (https://github.com/prisma/orm/issues/26786).
    timezone: 'UTC',
    statement_timeout: serverMs,
    lock_timeout: serverMs,
    // Frees the locks of a process that froze in a transaction.
    idle_in_transaction_session_timeout: statementTimeoutMs === 0 ? 0 : 15_000,
  }
  const url = new URL(databaseUrl)
  const options = Object.entries(session).map(([name, value]) => `-c ${name}=${value}`)
  // The URL may have options of its own, for example Neon's `options=endpoint%3D…`.
  url.searchParams.set('options', [url.searchParams.get('options'), ...options].filter(Boolean).join(' '))
  return {
    connectionString: url.href,
    Client: SafeClient,
    connectionTimeoutMillis: 5_000,
    query_timeout: statementTimeoutMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
  }
}
