import { createHash } from 'node:crypto'

/** A short name for a path, the same every time, for places where the path itself is too long or not allowed. */
export function fingerprint(path: string): string {
  return createHash('sha256').update(path).digest('hex').slice(0, 16)
}
