import { setTimeout as sleep } from 'node:timers/promises'

const BATCH_WINDOW_MS = 5
export const READS_AT_ONCE = 2

/** Batches and dedupes reads. A read begins after its request. `read` keeps the order of the keys. */
export function createReader<Value>(
  maxBatchSize: number,
  read: (keys: string[]) => Promise<Value[]>,
): (key: string) => Promise<Value> {
  const waiting = new Map<string, ((value: Promise<Value>) => void)[]>()
  let readers = 0

  async function readAll(): Promise<void> {
    readers++
    await sleep(BATCH_WINDOW_MS)
    while (waiting.size > 0) {
      const next = [...waiting].slice(0, maxBatchSize)
      for (const [key] of next) waiting.delete(key)
      const values = read(next.map(([key]) => key))
      for (const [index, [, resolvers]] of next.entries()) {
        const value = values.then((all) => all[index] as Value)
        for (const resolve of resolvers) resolve(value)
      }
      await values.catch(() => {})
      await sleep(BATCH_WINDOW_MS)
    }
    readers--
  }

  return (key) =>
    new Promise((resolve) => {
      const resolvers = waiting.get(key)
      if (resolvers) resolvers.push(resolve)
      else waiting.set(key, [resolve])
      if (readers < READS_AT_ONCE) void readAll()
    })
}
