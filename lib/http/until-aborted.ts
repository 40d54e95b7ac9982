/**
 * Rejects as soon as the signal aborts. In Node 22, `fetch` itself never settles when that happens while a compressed answer
 * is decompressed (https://github.com/nodejs/undici/issues/4089).
 */
export function untilAborted<Result>(signal: AbortSignal, act: Promise<Result>): Promise<Result> {
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
  return Promise.race([act, aborted])
}
