/**
 * A function for many who ask at once: the answer may be so old, in ms, and is read once for all of them. A failure is
 * told to those who are waiting, and then forgotten.
 */
export function shareFor<Result>(ms: number, read: () => Promise<Result>): () => Promise<Result> {
  let shared: Promise<Result> | undefined
  const forget = (): void => {
    shared = undefined
  }
  return () => {
    if (shared) return shared
    setTimeout(forget, ms)
    shared = read()
    shared.catch(forget)
    return shared
  }
}
