import { readSnapshot } from '@/lib/email/snapshot'
import { requestErasure } from '@/lib/erasure/request'
import { requireOwner } from '@/lib/owner'
import { route } from '@/lib/route'

export const { GET, HEAD, OPTIONS, POST, PUT, PATCH, DELETE } = route({
  async POST(request, { params }: RouteContext<'/api/tickets/[id]/erasure'>) {
    const { id } = await params
    const user = await requireOwner(request, id)
    await requestErasure(user.id)
    const snapshot = await readSnapshot(id)
    // A worker may have been quicker than this answer.
    return snapshot ? Response.json(snapshot, { status: 202 }) : new Response(null, { status: 204 })
  },
})
