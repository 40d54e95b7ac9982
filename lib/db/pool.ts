import { Pool, type PoolClient, type PoolConfig } from 'pg'
import { logThrottled } from '../log'
import { connectionConfig } from './connection'

const TICK_MS = 5

type Settings = PoolConfig & {
  max: number
  /** How long a statement may take, in ms. */
  patienceMs?: number
}

/** The pool behind all queries of the app. It knows how long one more user would have to wait for a connection. */
export class MeasuredPool extends Pool {
  readonly #size: number
  /** The connections in use, each with the time since when. */
  readonly #inUse = new Map<PoolClient, number>()
  /** In ms. It stands still while this process is too busy to look: that is not the database's time. */
  #clock = 0
  #ticking: NodeJS.Timeout | undefined
  /** How long a use takes, in ms, on the average of the last ones. */
  #useMs = 0

  constructor({ patienceMs, ...settings }: Settings) {
    // One connection stays open: after a quiet minute, the next visitor does not wait for a handshake.
    super({ ...connectionConfig(patienceMs), min: 1, ...settings })
    this.#size = settings.max
    // Without this listener, Node ends the process when Postgres cuts an idle connection.
    this.on('error', ({ message }) =>
      logThrottled('An idle connection to the database was cut', { reason: message }),
    )
    this.on('acquire', (client) => this.#begin(client))
    this.on('release', (error, client) => {
      this.#end(client)
      // With an error, the pool closes the connection itself.
      if (!error && !isIdle(client)) void client.end()
    })
  }

  /**
   * How long one more would wait for a connection, in ms. A use that takes longer than the last ones did counts with
   * what it has taken so far: so a database that gets slow, or hangs, is noticed before it answers.
   * @param users how many have a connection or are about to ask for one, as far as the caller knows
   */
  expectWait(users: number): number {
    // A single thread serves no more than about 500 a second, however quick the database is.
    const least = Math.max(this.#useMs, 2 * this.#size)
    let served = (this.#size - this.#inUse.size) / least
    for (const since of this.#inUse.values()) served += 1 / Math.max(this.#clock - since, least)
    return Math.max(this.waitingCount, users - this.#size, 0) / served
  }

  #begin(client: PoolClient): void {
    this.#inUse.set(client, this.#clock)
    this.#ticking ??= setInterval(() => {
      this.#clock += TICK_MS
    }, TICK_MS).unref()
  }

  #end(client: PoolClient): void {
    const ms = this.#clock - (this.#inUse.get(client) ?? this.#clock)
    this.#inUse.delete(client)
    // A single long use, an export for example, must not make all look slow.
    this.#useMs += (Math.min(ms, 1_000) - this.#useMs) / 16
    if (this.#inUse.size > 0) return
    clearInterval(this.#ticking)
    this.#ticking = undefined
  }
}

/**
 * Whether a released connection may be used by others. When Prisma gives up on a transaction, it releases the connection
 * even if its ROLLBACK did not get through: the next user's COMMIT would commit the half of that transaction
 * (https://github.com/prisma/orm/issues/29719).
 */
function isIdle(client: PoolClient): boolean {
  // Not in the types of `pg`: false while a statement is under way.
  const { readyForQuery } = client as PoolClient & { readyForQuery?: boolean }
  return client.getTransactionStatus() === 'I' && readyForQuery !== false
}
