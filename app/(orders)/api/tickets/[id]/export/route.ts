import { notFound } from '@/lib/http/problem'
import { limit } from '@/lib/limits'
import { cancelExport, startExport } from '@/lib/orders/export/request'
import { requireOwner } from '@/lib/owner'
import { route } from '@/lib/route'

type Context = RouteContext<'/api/tickets/[id]/export'>

export const { GET, HEAD, OPTIONS, POST, PUT, PATCH, DELETE } = route({
  async POST(request, { params }: Context) {
    const user = await requireOwner(request, (await params).id)
    await limit('export', user.id)
    return Response.json(await startExport(user.id), { status: 202 })
  },

  async DELETE(request, { params }: Context) {
    const user = await requireOwner(request, (await params).id)
    const progress = await cancelExport(user.id)
    if (!progress) throw notFound()
    return Response.json(progress)
  },
})
