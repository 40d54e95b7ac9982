import { z } from 'zod'
import { Problem } from './problem'

// https://www.rfc-editor.org/rfc/rfc9651: a string, which may have parameters.
const QUOTED = /^"([^"]*)"( *;.*)?$/

/**
 * Reads the Idempotency-Key, a UUID with or without the quotes of draft-ietf-httpapi-idempotency-key-header.
 * @returns it in lower case, or undefined without the header. @throws {Problem} 400 when it is not a UUID
 */
export function readIdempotencyKey(headers: Headers): string | undefined {
  const value = headers.get('idempotency-key')
  if (value === null) return
  const key = QUOTED.exec(value)?.[1] ?? value
  if (!z.guid().safeParse(key).success)
    throw new Problem(400, 'Malformed Idempotency-Key', { detail: 'Send a UUID.' })
  return key.toLowerCase()
}
