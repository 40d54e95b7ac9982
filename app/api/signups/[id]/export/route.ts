import { cancelExport, startExport } from '@/lib/export/request'
import { refuseForeignOrigin } from '@/lib/origin'
import { handle, methodNotAllowed, notFound } from '@/lib/problem'
import { requireOwner } from '@/lib/session'

type Context = RouteContext<'/api/signups/[id]/export'>

export const POST = handle(async (request, { params }: Context) => {
  refuseForeignOrigin(request)
  const user = await requireOwner(request, (await params).id)
  return Response.json(await startExport(user.id), { status: 202, headers: { 'cache-control': 'no-store' } })
})

export const DELETE = handle(async (request, { params }: Context) => {
  refuseForeignOrigin(request)
  const user = await requireOwner(request, (await params).id)
  const progress = await cancelExport(user.id)
  if (!progress) throw notFound()
  return Response.json(progress, { headers: { 'cache-control': 'no-store' } })
})

export const GET = methodNotAllowed('POST', 'DELETE')
export const HEAD = GET
export const OPTIONS = GET
export const PUT = GET
export const PATCH = GET
