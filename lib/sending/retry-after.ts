type Headers = Record<string, string> | null | undefined

const DAY = 24 * 3600

/** Reads how long to wait, in s, 0 to a day: `asked` by Retry-After, `reset` by the rate limit. Names are in lower case. */
export function readRetryAfter(headers: Headers): { asked: number; reset: number } {
  const asked = parseRetryAfter(headers?.['retry-after'], headers?.date)
  const reset = Number.parseFloat(headers?.['ratelimit-reset'] ?? '') || parseRateLimit(headers?.ratelimit)
  return { asked: limit(asked), reset: limit(reset) }
}

// https://www.rfc-editor.org/rfc/rfc9110#field.retry-after. Compares a date with the server's clock: ours may be wrong.
function parseRetryAfter(value = '', answeredAt = ''): number {
  if (/^\s*\d+(\.\d+)?\s*$/.test(value)) return Number(value)
  return (parseDate(value) - (parseDate(answeredAt) || Date.now())) / 1000
}

// HTTP's three forms begin with the day of the week. The third has no time zone and means UTC.
function parseDate(value: string): number {
  if (!/^\s*[a-z]{3,9},? /i.test(value)) return Number.NaN
  return Date.parse(/\s\d{4}\s*$/.test(value) ? `${value} GMT` : value)
}

// Reads `"default";r=0;t=20` and returns the latest reset of the limits that are used up. Reads also the older
// `limit=10, remaining=0, reset=20`, and returns its reset in any case. https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/
function parseRateLimit(value = ''): number {
  const policies = value.replace(/"[^"]*"/g, '').split(',')
  const usedUp = policies.filter((policy) => !/;\s*r\s*=\s*0*[1-9]/.test(policy))
  const times = usedUp.map((policy) => Number(/(?:;\s*t|^\s*reset)\s*=\s*(\d+)/.exec(policy)?.[1] ?? 0))
  return Math.max(...times)
}

function limit(seconds: number): number {
  return seconds > 0 ? Math.min(seconds, DAY) : 0
}
