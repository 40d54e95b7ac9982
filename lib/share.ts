/** A function for many who ask at once: the answer may be so old, in ms, and is read once for all of them. */
export function shareFor<Result>(ms: number, read: () => Promise<Result>): () => Promise<Result> {
  let shared: Promise<Result> | undefined
  return () => {
    if (shared) return shared
    setTimeout(() => {
      shared = undefined
    }, ms)
    shared = read()
    return shared
  }
}
