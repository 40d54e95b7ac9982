import { readInput } from '@/lib/input'
import { refuseForeignOrigin } from '@/lib/origin'
import { methodNotAllowed } from '@/lib/problem'
import { changeWeather, weatherInput } from '@/lib/stage/weather'
import { sandboxOnly } from '../sandbox-only'

const MAX_BYTES = 1024

export const PUT = sandboxOnly(async (request) => {
  refuseForeignOrigin(request)
  const weather = await changeWeather(await readInput(request, weatherInput, MAX_BYTES))
  return Response.json(weather, { headers: { 'cache-control': 'no-store' } })
})

export const GET = sandboxOnly(methodNotAllowed('PUT'))
export const HEAD = GET
export const OPTIONS = GET
export const POST = GET
export const PATCH = GET
export const DELETE = GET
