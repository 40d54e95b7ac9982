/**
 * A function for many who ask at once: the answer is read once for all of them, and still given so long after it came,
 * in ms. A failure is told to those who are waiting, and then forgotten.
 */
export function memoizeFor<Result>(ms: number, read: () => Promise<Result>): () => Promise<Result> {
  let shared: Promise<Result> | undefined
  const forget = (): void => {
    shared = undefined
  }
  return () => {
    if (shared) return shared
    shared = read()
    shared.then(() => setTimeout(forget, ms), forget)
    return shared
  }
}
