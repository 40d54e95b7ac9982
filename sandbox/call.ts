export interface Call {
  method: string
  /** With the query. */
  path: string
  body: string
  idempotencyKey?: string
  /** Of a batch, the valid mails are wanted even if others are not. */
  permissive: boolean
}

const MAX_BATCH = 100

export function isSend({ method, path }: Call): boolean {
  return method === 'POST' && /^\/emails(\/batch)?$/.test(path)
}

export function isBatch({ path }: Call): boolean {
  return path === '/emails/batch'
}

/** The mails in a request to send, unread; undefined when it is no proper batch. */
export function readMails(call: Call): unknown[] | undefined {
  const content = parseJson(call.body)
  if (!isBatch(call)) return [content]
  if (!Array.isArray(content) || content.length === 0 || content.length > MAX_BATCH) return undefined
  return content
}

export function parseJson(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}
