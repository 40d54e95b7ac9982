import { readSnapshot } from '@/lib/email/snapshot'
import { notFound } from '@/lib/http/problem'
import { route } from '@/lib/route'

export const { GET, HEAD, OPTIONS, POST, PUT, PATCH, DELETE } = route({
  async GET(_request, { params }: RouteContext<'/api/emails/[id]'>) {
    const { id } = await params
    const snapshot = await readSnapshot(id)
    if (!snapshot) throw notFound()
    return Response.json(snapshot)
  },
})
