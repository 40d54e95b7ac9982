/** Shares one result among all callers until `ms` after it arrived. A failure is not kept. */
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
