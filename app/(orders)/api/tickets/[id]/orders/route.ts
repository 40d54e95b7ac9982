import { requireOwner } from '@/lib/account/owner'
import { readOrders } from '@/lib/orders/orders'
import { route } from '@/lib/protection/route'

export const { GET, HEAD, OPTIONS, POST, PUT, PATCH, DELETE } = route({
  async GET(request, { params }: RouteContext<'/api/tickets/[id]/orders'>) {
    const user = await requireOwner(request, (await params).id)
    return Response.json(await readOrders(user.id))
  },
})
