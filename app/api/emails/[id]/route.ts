import { readSnapshot } from '@/lib/email/snapshot'
import { handle, methodNotAllowed, notFound } from '@/lib/problem'

export const GET = handle(async (_request, { params }: RouteContext<'/api/emails/[id]'>) => {
  const { id } = await params
  const snapshot = await readSnapshot(id)
  if (!snapshot) throw notFound()
  return Response.json(snapshot, { headers: { 'cache-control': 'no-store' } })
})

export const POST = methodNotAllowed('GET', 'HEAD')
export const OPTIONS = POST
export const PUT = POST
export const PATCH = POST
export const DELETE = POST
