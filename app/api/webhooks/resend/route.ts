import { readText } from '@/lib/body'
import { receiveReport } from '@/lib/email/webhook'
import { handle, methodNotAllowed } from '@/lib/problem'

const MAX_BYTES = 64 * 1024

export const POST = handle(async (request) => {
  const stored = await receiveReport(await readText(request, MAX_BYTES), request.headers)
  return Response.json({ stored })
})

export const GET = methodNotAllowed('POST')
export const HEAD = GET
export const OPTIONS = GET
export const PUT = GET
export const PATCH = GET
export const DELETE = GET
