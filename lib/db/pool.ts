import { Pool, type PoolClient, type PoolConfig } from 'pg'

const TICK_MS = 5

/** A pool of connections that can tell how long one more would have to wait for one. */
export class MeasuredPool extends Pool {
  readonly #size: number
  /** The connections in use, each with the time since when. */
  readonly #inUse = new Map<PoolClient, number>()
  /** In ms. It stands still while this process is too busy to look: that is not the database's time. */
  #clock = 0
  #ticking: NodeJS.Timeout | undefined
  /** How long a use takes, in ms, on the average of the last ones. */
  #useMs = 0

  constructor(config: PoolConfig & { max: number }) {
    super(config)
    this.#size = config.max
    this.on('acquire', (client) => this.#begin(client))
    this.on('release', (_error, client) => this.#end(client))
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
