import { createHash } from 'node:crypto'

/** A short name for a text, the same every time, for places where the text itself is too long or not allowed. */
export function fingerprint(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16)
}
