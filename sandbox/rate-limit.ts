export interface Turn {
  granted: boolean
  /** https://resend.com/docs/api-reference/rate-limit */
  headers: Record<string, string>
}

const WINDOW_MS = 1000
/** Resend sends whole seconds, rounded up. */
const RESET_SECONDS = '1'

/**
 * Creates a rate limiter with windows of one second. The first request opens a window, and a rejected request does not
 * count. The limit may differ at each call. 0: no limit.
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
