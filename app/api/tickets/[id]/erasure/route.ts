import { requireOwner } from '@/lib/account/owner'
import { requestErasure } from '@/lib/account/request-erasure'
import { listTicketMails } from '@/lib/account/ticket'
import { readSnapshot } from '@/lib/live/snapshot'
import { route } from '@/lib/protection/route'

export const { GET, HEAD, OPTIONS, POST, PUT, PATCH, DELETE } = route({
  async POST(request, { params }: RouteContext<'/api/tickets/[id]/erasure'>) {
    const { id } = await params
    const user = await requireOwner(request, id)
    await requestErasure(user.id)
    const snapshot = await readSnapshot((await listTicketMails(id)).at(-1) ?? id)
    // The worker may have finished before this read.
    return snapshot ? Response.json(snapshot, { status: 202 }) : new Response(null, { status: 204 })
  },
})
