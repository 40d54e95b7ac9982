import { disown, readNotMe } from '@/lib/account/not-me'
import { notFound } from '@/lib/http/problem'
import { readSnapshot } from '@/lib/live/snapshot'
import { route } from '@/lib/protection/route'

export const { GET, HEAD, OPTIONS, POST, PUT, PATCH, DELETE } = route({
  async POST(_request, { params }: RouteContext<'/api/not-me/[link]'>) {
    const id = readNotMe((await params).link)
    if (!id) throw notFound()
    await disown(id)
    const snapshot = await readSnapshot(id)
    // The user is erased already, or it was an invitation, which needs no job.
    if (!snapshot?.erasure) return new Response(null, { status: 204 })
    return Response.json(snapshot, { status: 202 })
  },
})
