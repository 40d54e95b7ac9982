import { notFound } from '@/lib/http/problem'
import { readSnapshot } from '@/lib/live/snapshot'
import { route } from '@/lib/protection/route'

export const { GET, HEAD, OPTIONS, POST, PUT, PATCH, DELETE } = route({
  async GET(_request, { params }: RouteContext<'/api/emails/[id]'>) {
    const { id } = await params
    const snapshot = await readSnapshot(id)
    if (!snapshot) throw notFound()
    return Response.json(snapshot)
  },
})
