export interface Turn {
  granted: boolean
  /** What Resend tells with its answer (https://resend.com/docs/api-reference/rate-limit). */
  headers: Record<string, string>
}

const WINDOW_MS = 1000
/** Told in whole seconds, rounded up. */
const RESET_SECONDS = '1'

/**
 * Makes the function that asks for a turn, with the limit that holds at that moment: so many turns in a window of one
 * second, which the first of them opens. Who is refused uses up none. 0 stands for no limit.
 */
export function createRateLimit(): (limit: number) => Turn {
  let openedAt = Number.NEGATIVE_INFINITY
  let used = 0

  return function takeTurn(limit) {
    if (limit === 0) return { granted: true, headers: {} }
    const now = performance.now()
    if (now - openedAt >= WINDOW_MS) {
      openedAt = now
      used = 0
    }
    const granted = used < limit
    if (granted) used++
    const headers = {
      'ratelimit-limit': `${limit}`,
      'ratelimit-remaining': `${Math.max(0, limit - used)}`,
      'ratelimit-reset': RESET_SECONDS,
    }
    return { granted, headers: granted ? headers : { ...headers, 'retry-after': RESET_SECONDS } }
  }
}
