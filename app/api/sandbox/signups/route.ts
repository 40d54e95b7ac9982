import { readInput } from '@/lib/input'
import { refuseForeignOrigin } from '@/lib/origin'
import { methodNotAllowed } from '@/lib/problem'
import { demoInput, signUpCrowd } from '@/lib/stage/demo-signups'
import { sandboxOnly } from '../sandbox-only'

const MAX_BYTES = 1024

export const POST = sandboxOnly(async (request) => {
  refuseForeignOrigin(request)
  const { count } = await readInput(request, demoInput, MAX_BYTES)
  return Response.json(await signUpCrowd(count), { status: 202, headers: { 'cache-control': 'no-store' } })
})

export const GET = sandboxOnly(methodNotAllowed('POST'))
export const HEAD = GET
export const OPTIONS = GET
export const PUT = GET
export const PATCH = GET
export const DELETE = GET
