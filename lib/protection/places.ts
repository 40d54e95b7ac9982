import { perProcess } from '../process'

/** Limits how many things are open under a key at the same time. `most` 0: no limit. */
export type Place = { key: string; most: number }

const taken = perProcess('places', () => new Map<string, number>())

export function findFull<One extends Place>(places: One[]): One | undefined {
  return places.find(({ key, most }) => most > 0 && (taken.get(key) ?? 0) >= most)
}

/** Reserves the places. @returns the function that frees them. A second call does nothing */
export function reserve(places: Place[]): () => void {
  for (const { key } of places) taken.set(key, (taken.get(key) ?? 0) + 1)
  const held = [...places]
  return () => {
    for (const { key } of held.splice(0)) {
      const left = (taken.get(key) ?? 1) - 1
      if (left > 0) taken.set(key, left)
      else taken.delete(key)
    }
  }
}
