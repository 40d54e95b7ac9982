type Headers = Record<string, string> | null | undefined

const DAY = 24 * 3600

/**
 * Reads how long a refusal asks to wait, whoever refused: Resend, or a proxy on the way.
 * @param headers with names in lower case
 * @returns seconds, a day at the most. `asked` is an order (Retry-After). `reset` tells only when the limit of requests
 *   begins anew; 0 when the answer does not say. https://www.rfc-editor.org/rfc/rfc9110#field.retry-after
 */
export function readRetryAfter(headers: Headers): { asked: number; reset: number } {
  const asked = parseRetryAfter(headers?.['retry-after'], headers?.date)
  const reset = Number.parseFloat(headers?.['ratelimit-reset'] ?? '') || parseRateLimit(headers?.ratelimit)
  return { asked: limit(asked), reset: limit(reset) }
}

// Seconds, or a date in one of HTTP's three forms. The date is by the clock of whoever answered, and ours may be wrong.
function parseRetryAfter(value = '', answeredAt = ''): number {
  if (/^\s*\d+(\.\d+)?\s*$/.test(value)) return Number(value)
  return (parseDate(value) - (parseDate(answeredAt) || Date.now())) / 1000
}

// They begin with the day of the week. The third form has no time zone, and means UTC as the others do.
function parseDate(value: string): number {
  if (!/^\s*[a-z]{3,9},? /i.test(value)) return Number.NaN
  return Date.parse(/\s\d{4}\s*$/.test(value) ? `${value} GMT` : value)
}

/**
 * Reads `"default";r=0;t=20`, and its older form `limit=10, remaining=0, reset=20`: the longest time until a limit that
 * is used up begins anew. https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/
 */
function parseRateLimit(value = ''): number {
  const policies = value.replace(/"[^"]*"/g, '').split(',')
  const usedUp = policies.filter((policy) => !/;\s*r\s*=\s*0*[1-9]/.test(policy))
  const times = usedUp.map((policy) => Number(/(?:;\s*t|^\s*reset)\s*=\s*(\d+)/.exec(policy)?.[1] ?? 0))
  return Math.max(...times)
}

function limit(seconds: number): number {
  return seconds > 0 ? Math.min(seconds, DAY) : 0
}
