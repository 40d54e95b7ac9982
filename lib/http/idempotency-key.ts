import { z } from 'zod'
import { Problem } from './problem'

// A string by https://www.rfc-editor.org/rfc/rfc9651, which may have parameters.
const QUOTED = /^"([^"]*)"( *;.*)?$/

/**
 * Reads the Idempotency-Key of a request. The draft standard quotes it, most clients do not: both forms are the same key.
 * https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header
 * @returns a UUID in lower case, or undefined without the header
 * @throws {Problem} 400 when it is not a UUID
 */
export function readIdempotencyKey(headers: Headers): string | undefined {
  const value = headers.get('idempotency-key')
  if (value === null) return
  const key = QUOTED.exec(value)?.[1] ?? value
  if (!z.guid().safeParse(key).success)
    throw new Problem(400, 'Malformed Idempotency-Key', { detail: 'Send a UUID.' })
  return key.toLowerCase()
}
