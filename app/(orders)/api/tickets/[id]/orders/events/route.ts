import { streamOrders } from '@/lib/orders/orders'
import { requireOwner } from '@/lib/owner'
import { route } from '@/lib/route'

export const { GET, HEAD, OPTIONS, POST, PUT, PATCH, DELETE } = route({
  async GET(request, { params }: RouteContext<'/api/tickets/[id]/orders/events'>) {
    const user = await requireOwner(request, (await params).id)
    return streamOrders(request, user.id)
  },
})
