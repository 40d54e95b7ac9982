export interface Call {
  method: string
  path: string
  body: string
  /** The `Authorization` header. Each API key is an account with a limit of its own. */
  account: string
  idempotencyKey?: string
  /** Permissive validation: a batch is accepted even if some mails are invalid. */
  permissive: boolean
}

const MAX_BATCH = 100

export function isSend({ method, path }: Call): boolean {
  return method === 'POST' && /^\/emails(\/batch)?$/.test(path)
}

export function isBatch({ path }: Call): boolean {
  return path === '/emails/batch'
}

/** The mails of a send request, not validated. Undefined when the body is no batch. */
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
