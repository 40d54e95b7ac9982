import { randomUUID } from 'node:crypto'

export const REQUEST_ID = 'x-request-id'

/** What a request is called in the log: as the proxy before us has called it, or by a new id. */
export function toRequestId(headers: Headers): string {
  const given = headers.get(REQUEST_ID) ?? ''
  return /^[\w.:=+/-]{1,128}$/.test(given) ? given : randomUUID()
}
