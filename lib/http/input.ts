import { MIMEType } from 'node:util'
import type { z } from 'zod'
import { readText } from './body'
import { Problem } from './problem'

/** An answer must not be much larger than its request. */
const MAX_ERRORS = 100

/** `MIMEType` reads a long type in quadratic time. */
const MAX_TYPE_LENGTH = 200

/** Reads and validates a JSON body. @throws {Problem} 422 with errors by field, 415, 400, and as `readText` does */
export async function readInput<Fields extends z.ZodRawShape>(
  request: Request,
  schema: z.ZodObject<Fields>,
  maxBytes: number,
): Promise<z.infer<z.ZodObject<Fields>>> {
  const result = schema.safeParse(await readJson(request, maxBytes))
  if (result.success) return result.data
  // A map, because a field may be called "constructor".
  const errors = new Map<string, string[]>()
  for (const issue of result.error.issues.slice(0, MAX_ERRORS)) {
    // The message of Zod has the names of all unknown fields.
    const [fields, message] =
      issue.code === 'unrecognized_keys'
        ? [issue.keys.slice(0, MAX_ERRORS), 'This field is unknown.']
        : [issue.path.slice(0, 1).map(String), issue.message]
    for (const field of fields) errors.set(field, [...(errors.get(field) ?? []), message])
  }
  const needed = Object.entries(schema.shape).filter(([, field]) => !(field as z.ZodType).isOptional())
  // A rule about the whole object says itself what is needed.
  const rule = result.error.issues.find(({ code, path }) => code === 'custom' && path.length === 0)
  const expected = rule?.message ?? `Send an object with ${needed.map(([name]) => name).join(' and ')}.`
  throw new Problem(422, 'Check what you entered', {
    detail: errors.size > 0 ? undefined : expected,
    errors: Object.fromEntries(errors),
  })
}

async function readJson(request: Request, maxBytes: number): Promise<unknown> {
  if (!isUtf8Json(request.headers))
    throw new Problem(415, 'Unsupported media type', { detail: 'Send UTF-8 JSON: application/json.' })
  const text = await readText(request, maxBytes)
  try {
    return JSON.parse(text)
  } catch {
    throw new Problem(400, 'Malformed JSON')
  }
}

// JSON has no parameters (https://www.rfc-editor.org/rfc/rfc8259#section-11), so all are ignored except another charset.
function isUtf8Json(headers: Headers): boolean {
  const encoding = headers.get('content-encoding') ?? 'identity'
  const type = headers.get('content-type') ?? ''
  if (type.length > MAX_TYPE_LENGTH) return false
  try {
    const { essence, params } = new MIMEType(type)
    const { encoding: charset } = new TextDecoder(params.get('charset') ?? 'utf-8')
    return essence === 'application/json' && charset === 'utf-8' && encoding.toLowerCase() === 'identity'
  } catch {
    return false
  }
}
