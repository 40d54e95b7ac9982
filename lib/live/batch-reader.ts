import { setTimeout as sleep } from 'node:timers/promises'

/** What is asked for within so many ms is read together. */
const GATHER_MS = 5
/** So many reads at a time, however many ask. */
export const READS_AT_ONCE = 2

/**
 * A function for thousands who ask for single things at the same moment. Each thing is read once for all who are
 * waiting for it, and always after they asked. A failure is told to those who wait.
 * @param most so many things are read together
 * @param read returns the values of the keys, in their order
 */
export function createReader<Value>(
  most: number,
  read: (keys: string[]) => Promise<Value[]>,
): (key: string) => Promise<Value> {
  const waiting = new Map<string, ((value: Promise<Value>) => void)[]>()
  let readers = 0

  async function readAll(): Promise<void> {
    readers++
    await sleep(GATHER_MS)
    while (waiting.size > 0) {
      const next = [...waiting].slice(0, most)
      for (const [key] of next) waiting.delete(key)
      const values = read(next.map(([key]) => key))
      for (const [index, [, askers]] of next.entries()) {
        const value = values.then((all) => all[index] as Value)
        for (const tell of askers) tell(value)
      }
      await values.catch(() => {})
      await sleep(GATHER_MS)
    }
    readers--
  }

  return (key) =>
    new Promise((tell) => {
      const askers = waiting.get(key)
      if (askers) askers.push(tell)
      else waiting.set(key, [tell])
      if (readers < READS_AT_ONCE) void readAll()
    })
}
