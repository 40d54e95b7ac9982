import { readInput } from '@/lib/input'
import { refuseForeignOrigin } from '@/lib/origin'
import { handle, methodNotAllowed, notFound } from '@/lib/problem'
import { mayGoBackstage } from '@/lib/stage/guard'
import { redrive, redriveInput } from '@/lib/stage/redrive'

const MAX_BYTES = 8 * 1024

export const POST = handle(async (request) => {
  if (!mayGoBackstage(request.headers)) throw notFound()
  refuseForeignOrigin(request)
  const emails = await redrive(await readInput(request, redriveInput, MAX_BYTES))
  return Response.json({ emails }, { headers: { 'cache-control': 'no-store' } })
})

export const GET = methodNotAllowed('POST')
export const HEAD = GET
export const OPTIONS = GET
export const PUT = GET
export const PATCH = GET
export const DELETE = GET
