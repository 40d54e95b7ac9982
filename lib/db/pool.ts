import { Pool, type PoolClient, type PoolConfig } from 'pg'
import { logThrottled } from '../log'
import { connectionConfig } from './connection'

const TICK_MS = 5

type Settings = PoolConfig & {
  max: number
  statementTimeoutMs?: number
}

/** Estimates how long the next query would wait for a connection. */
export class MeasuredPool extends Pool {
  readonly #size: number
  readonly #inUse = new Map<PoolClient, number>()
  /** In ms. A timer advances it, so time in which the event loop is blocked does not count. */
  #clock = 0
  #ticking: NodeJS.Timeout | undefined
  #averageUseMs = 0

  constructor({ statementTimeoutMs, ...settings }: Settings) {
    // Keeps one connection, so that after a quiet minute no visitor waits for a handshake.
    super({ ...connectionConfig(statementTimeoutMs), min: 1, ...settings })
    this.#size = settings.max
    this.on('error', ({ message }) => logThrottled('Postgres closed an idle connection', { reason: message }))
    this.on('acquire', (client) => this.#begin(client))
    this.on('release', (error, client) => {
      this.#end(client)
      if (!error && !isIdle(client)) void client.end()
    })
  }

  /**
   * Returns how long the next query would wait, in ms. A use that already takes longer than the average counts with its time
   * so far, so the result grows while the database hangs. @param demand how many operations hold a connection or are about to ask for one
   */
  expectWait(demand: number): number {
    // A process serves at most about 500 uses a second. So with n connections in use, each takes 2n ms or more.
    const least = Math.max(this.#averageUseMs, 2 * this.#size)
    let served = (this.#size - this.#inUse.size) / least
    for (const since of this.#inUse.values()) served += 1 / Math.max(this.#clock - since, least)
    return Math.max(this.waitingCount, demand - this.#size, 0) / served
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
    // A single long use, for example an export, must not dominate the average.
    this.#averageUseMs += (Math.min(ms, 1_000) - this.#averageUseMs) / 16
    if (this.#inUse.size > 0) return
    clearInterval(this.#ticking)
    this.#ticking = undefined
  }
}

// Prisma releases the connection of a transaction even if its ROLLBACK failed (https://github.com/prisma/orm/issues/29719).
// The next COMMIT on it would commit half of that transaction.
function isIdle(client: PoolClient): boolean {
  // Not in the types. False while a statement runs.
  const { readyForQuery } = client as PoolClient & { readyForQuery?: boolean }
  return client.getTransactionStatus() === 'I' && readyForQuery !== false
}
