import { findOwner, requireOwner } from '@/lib/account/owner'
import { readToken } from '@/lib/account/session'
import { streamOrders } from '@/lib/orders/orders'
import { route } from '@/lib/protection/route'
import { reserveStream } from '@/lib/protection/stream-places'

export const { GET, HEAD, OPTIONS, POST, PUT, PATCH, DELETE } = route({
  async GET(request, { params }: RouteContext<'/api/tickets/[id]/orders/events'>) {
    const { id } = await params
    const user = await requireOwner(request, id)
    const isOwner = async (): Promise<boolean> => (await findOwner(id, readToken(request))) !== null
    return streamOrders(request, user.id, { isOwner, release: reserveStream(request, user.id) })
  },
})
