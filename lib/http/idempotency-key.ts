import { z } from 'zod'
import { Problem } from './problem'

// https://www.rfc-editor.org/rfc/rfc9651: a string, which may have parameters.
const QUOTED = /^"([^"]*)"( *;.*)?$/

/** Returns the Idempotency-Key, a UUID, in lower case. Most clients do not quote it. @throws {Problem} 400 when malformed */
export function readIdempotencyKey(headers: Headers): string | undefined {
  const value = headers.get('idempotency-key')
  if (value === null) return
  const key = QUOTED.exec(value)?.[1] ?? value
  if (!z.guid().safeParse(key).success)
    throw new Problem(400, 'Malformed Idempotency-Key', { detail: 'Send a UUID.' })
  return key.toLowerCase()
}
