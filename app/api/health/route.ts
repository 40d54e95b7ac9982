import { readHealth } from '@/lib/health'
import { handle, methodNotAllowed } from '@/lib/problem'

export const GET = handle(async () =>
  Response.json(await readHealth(), { headers: { 'cache-control': 'no-store' } }),
)

export const POST = methodNotAllowed('GET', 'HEAD')
export const OPTIONS = POST
export const PUT = POST
export const PATCH = POST
export const DELETE = POST
