import { requireOwner } from '@/lib/account/owner'
import { streamOrders } from '@/lib/orders/orders'
import { route } from '@/lib/protection/route'
import { reserveStream } from '@/lib/protection/stream-places'

export const { GET, HEAD, OPTIONS, POST, PUT, PATCH, DELETE } = route({
  async GET(request, { params }: RouteContext<'/api/tickets/[id]/orders/events'>) {
    const user = await requireOwner(request, (await params).id)
    return streamOrders(request, user.id, reserveStream(request, user.id))
  },
})
