import { handle, notFound } from '@/lib/problem'

export const GET = handle(async () => {
  throw notFound()
})
export const OPTIONS = GET
export const POST = GET
export const PUT = GET
export const PATCH = GET
export const DELETE = GET
