import { createHash } from 'node:crypto'

/** A short hash of a text, for names in which the text is too long or not allowed. */
export function fingerprint(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16)
}
