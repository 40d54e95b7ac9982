import { requireOwner } from '@/lib/account/owner'
import { notFound } from '@/lib/http/problem'
import { cancelExport, startExport } from '@/lib/orders/export/request'
import { withinLimits } from '@/lib/protection/limits'
import { route } from '@/lib/protection/route'

type Context = RouteContext<'/api/tickets/[id]/export'>

export const { GET, HEAD, OPTIONS, POST, PUT, PATCH, DELETE } = route({
  async POST(request, { params }: Context) {
    const user = await requireOwner(request, (await params).id)
    const progress = await withinLimits([['export', user.id]], (rejectIfFull) =>
      startExport(user.id, rejectIfFull),
    )
    return Response.json(progress, { status: 202 })
  },

  async DELETE(request, { params }: Context) {
    const user = await requireOwner(request, (await params).id)
    const progress = await cancelExport(user.id)
    if (!progress) throw notFound()
    return Response.json(progress)
  },
})
