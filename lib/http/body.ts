import { Problem } from './problem'

const BODY_TIMEOUT_MS = 5_000

/** Reads a body as text. @throws {Problem} 413 over `maxBytes`, 408 after 5 s, 400 if it breaks off or is not UTF-8 */
export async function readText(request: Request, maxBytes: number): Promise<string> {
  if (Number(request.headers.get('content-length')) > maxBytes) throw tooLarge(maxBytes)

  const chunks: Uint8Array[] = []
  let size = 0
  const reader = request.body?.getReader()
  const timeout = rejectAfter(BODY_TIMEOUT_MS)
  try {
    while (reader) {
      const { done, value } = await Promise.race([reader.read(), timeout.promise])
      if (done) break
      size += value.byteLength
      if (size > maxBytes) throw tooLarge(maxBytes)
      chunks.push(value)
    }
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks))
  } catch (error) {
    if (error instanceof Problem) throw error
    throw new Problem(400, 'Malformed body', { detail: 'The body broke off or is not UTF-8.' })
  } finally {
    clearTimeout(timeout.timer)
    reader?.cancel().catch(() => {})
  }
}

// Otherwise Node would read the rest of a rejected body.
const CLOSE = { connection: 'close' }

function tooLarge(maxBytes: number): Problem {
  return new Problem(413, 'Content too large', { detail: `The limit is ${maxBytes} bytes.`, headers: CLOSE })
}

function rejectAfter(ms: number): { promise: Promise<never>; timer: NodeJS.Timeout } {
  let timer!: NodeJS.Timeout
  const promise = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Problem(408, 'Request timeout', { headers: CLOSE })), ms)
  })
  return { promise, timer }
}
