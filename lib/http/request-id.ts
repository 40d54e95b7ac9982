import { randomUUID } from 'node:crypto'

export const REQUEST_ID = 'x-request-id'

/** Returns the id that a proxy has given to the request, or a new one. */
export function toRequestId(headers: Headers): string {
  const given = headers.get(REQUEST_ID) ?? ''
  return /^[\w.:=+/-]{1,128}$/.test(given) ? given : randomUUID()
}
