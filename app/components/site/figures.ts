import { MAX_COUNTED } from '@/lib/db/max-counted'

const UNITS = [
  { name: 'ms', ms: 1, below: 1_000, digits: 0 },
  { name: 's', ms: 1_000, below: 9_950, digits: 1 },
  { name: 's', ms: 1_000, below: 59_500, digits: 0 },
  { name: 'min', ms: 60_000, below: 3_570_000, digits: 0 },
  { name: 'h', ms: 3_600_000, below: 84_600_000, digits: 0 },
  { name: 'd', ms: 86_400_000, below: Number.POSITIVE_INFINITY, digits: 0 },
]

/** "14 ms", "3.2 s", "2 min". A negative duration is shown as 0 ms. */
export function formatDuration(ms: number): string {
  const rounded = Math.max(0, Math.round(ms))
  const unit = UNITS.find((candidate) => rounded < candidate.below)
  if (!unit) return ''
  return `${(rounded / unit.ms).toFixed(unit.digits)} ${unit.name}`
}

// stage
/** "4,711", and "10,000+" at the maximum that the database counts to. */
export function formatCount(count: number): string {
  return count.toLocaleString('en') + (count >= MAX_COUNTED ? '+' : '')
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** "23 Nov, 19:49 UTC": the same on the server and in every browser, in any language and time zone. */
export function formatTime(iso: string): string {
  const time = new Date(iso)
  return `${time.getUTCDate()} ${MONTHS[time.getUTCMonth()]}, ${time.toISOString().slice(11, 16)} UTC`
}

/** The ticket number, as in the email. */
export function formatOrder(id: string): string {
  return id.slice(0, 8).toUpperCase()
}
