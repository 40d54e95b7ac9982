import { readSnapshot } from '@/lib/email/snapshot'
import { streamSnapshots } from '@/lib/email/stream'
import { handle, methodNotAllowed, notFound } from '@/lib/problem'

const HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache, no-transform',
  // Some proxies (nginx) collect an answer before they pass it on, unless told otherwise.
  'x-accel-buffering': 'no',
  connection: 'close',
}

export const GET = handle(async (request, { params }: RouteContext<'/api/emails/[id]/events'>) => {
  const { id } = await params
  const snapshot = await readSnapshot(id)
  if (!snapshot) throw notFound()
  // A browser reconnects whenever a stream ends. 204 tells it that there is nothing more to come.
  const seen = Number(request.headers.get('last-event-id') ?? Number.NaN)
  if (snapshot.final && seen >= snapshot.version) return new Response(null, { status: 204 })
  return new Response(request.method === 'HEAD' ? null : streamSnapshots(id, request.signal), {
    headers: HEADERS,
  })
})

export const POST = methodNotAllowed('GET', 'HEAD')
export const OPTIONS = POST
export const PUT = POST
export const PATCH = POST
export const DELETE = POST
