import type { z } from 'zod'
import { readText } from '../body'
import { Problem } from '../problem'

const MAX_BYTES = 8 * 1024

/**
 * Reads the JSON body of a request.
 * @throws {Problem} 415 when it says that it is something else, 400 when it is no JSON, 422 when the schema refuses it,
 * and those of readText.
 */
export async function readInput<Schema extends z.ZodType>(
  request: Request,
  schema: Schema,
): Promise<z.output<Schema>> {
  if (!/^application\/json\b/i.test(request.headers.get('content-type') ?? '')) {
    throw new Problem(415, 'Unsupported media type', { detail: 'Send JSON: application/json.' })
  }
  const result = schema.safeParse(parseJson(await readText(request, MAX_BYTES)))
  if (result.success) return result.data
  const errors: Record<string, string[]> = {}
  for (const { path, message } of result.error.issues) {
    const field = path.join('.') || 'body'
    errors[field] = [...(errors[field] ?? []), message]
  }
  throw new Problem(422, 'Check what you sent', { errors })
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new Problem(400, 'Malformed JSON')
  }
}
