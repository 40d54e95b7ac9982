import { readSnapshot } from '@/lib/email/snapshot'
import { streamEmail } from '@/lib/email/stream'
import { handle, methodNotAllowed, notFound } from '@/lib/problem'

export const GET = handle(async (request, { params }: RouteContext<'/api/emails/[id]/events'>) => {
  const { id } = await params
  const snapshot = await readSnapshot(id)
  if (!snapshot) throw notFound()
  // A browser reconnects whenever a stream ends. 204 tells it that there is nothing more to come.
  const seen = Number(request.headers.get('last-event-id') ?? Number.NaN)
  if (snapshot.final && seen >= snapshot.version) return new Response(null, { status: 204 })
  return streamEmail(request, id)
})

export const POST = methodNotAllowed('GET', 'HEAD')
export const OPTIONS = POST
export const PUT = POST
export const PATCH = POST
export const DELETE = POST
