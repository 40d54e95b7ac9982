import { randomUUID } from 'node:crypto'

export const REQUEST_ID = 'x-request-id'

export function toRequestId(headers: Headers): string {
  const given = headers.get(REQUEST_ID) ?? ''
  return /^[\w.:=+/-]{1,128}$/.test(given) ? given : randomUUID()
}
