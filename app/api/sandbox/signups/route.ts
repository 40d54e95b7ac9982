import { inSandbox } from '@/lib/env'
import { refuseForeignOrigin } from '@/lib/origin'
import { handle, methodNotAllowed, notFound } from '@/lib/problem'
import { demoInput, signUpCrowd } from '@/lib/stage/demo-signups'
import { readInput } from '@/lib/stage/input'

export const POST = handle(async (request) => {
  if (!inSandbox()) throw notFound()
  refuseForeignOrigin(request)
  const { count } = await readInput(request, demoInput)
  return Response.json(await signUpCrowd(count), { status: 202, headers: { 'cache-control': 'no-store' } })
})

export const GET = methodNotAllowed('POST')
export const HEAD = GET
export const OPTIONS = GET
export const PUT = GET
export const PATCH = GET
export const DELETE = GET
