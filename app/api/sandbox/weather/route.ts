import { inSandbox } from '@/lib/env'
import { refuseForeignOrigin } from '@/lib/origin'
import { handle, methodNotAllowed, notFound } from '@/lib/problem'
import { readInput } from '@/lib/stage/input'
import { changeWeather, weatherInput } from '@/lib/stage/weather'

export const PUT = handle(async (request) => {
  if (!inSandbox()) throw notFound()
  refuseForeignOrigin(request)
  const weather = await changeWeather(await readInput(request, weatherInput))
  return Response.json(weather, { headers: { 'cache-control': 'no-store' } })
})

export const GET = methodNotAllowed('PUT')
export const HEAD = GET
export const OPTIONS = GET
export const POST = GET
export const PATCH = GET
export const DELETE = GET
