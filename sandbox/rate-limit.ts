export interface Turn {
  granted: boolean
  /** https://resend.com/docs/api-reference/rate-limit */
  headers: Record<string, string>
}

const WINDOW_MS = 1000
/** Resend sends whole seconds, rounded up. */
const RESET_SECONDS = '1'

/**
 * Creates a rate limiter with windows of one second for each account. The first request opens a window, and a rejected
 * request does not count. The limit may differ at each call. 0: no limit.
 */
export function createRateLimit(): (account: string, limit: number) => Turn {
  const windows = new Map<string, { openedAt: number; used: number }>()

  return function takeTurn(account, limit) {
    if (limit === 0) return { granted: true, headers: {} }
    const now = performance.now()
    const last = windows.get(account)
    const window = last && now - last.openedAt < WINDOW_MS ? last : { openedAt: now, used: 0 }
    windows.set(account, window)
    const granted = window.used < limit
    if (granted) window.used++
    const headers = {
      'ratelimit-limit': `${limit}`,
      'ratelimit-remaining': `${Math.max(0, limit - window.used)}`,
      'ratelimit-reset': RESET_SECONDS,
    }
    return { granted, headers: granted ? headers : { ...headers, 'retry-after': RESET_SECONDS } }
  }
}
