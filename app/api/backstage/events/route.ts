import { handle, methodNotAllowed, notFound } from '@/lib/problem'
import { readBackstage } from '@/lib/stage/backstage'
import { mayGoBackstage } from '@/lib/stage/guard'
import { streamBackstage } from '@/lib/stage/stream'

export const GET = handle(async (request) => {
  if (!mayGoBackstage(request.headers)) throw notFound()
  // Without a database this is a 503, rather than a stream that ends as soon as it has begun.
  await readBackstage()
  return streamBackstage(request)
})

export const POST = methodNotAllowed('GET', 'HEAD')
export const OPTIONS = POST
export const PUT = POST
export const PATCH = POST
export const DELETE = POST
