import { findOwner } from '@/lib/account/owner'
import { readToken } from '@/lib/account/session'
import { notFound } from '@/lib/http/problem'
import { readSnapshot } from '@/lib/live/snapshot'
import { streamEmail } from '@/lib/live/stream'
import { route } from '@/lib/protection/route'
import { isTopicFull, reserveStream } from '@/lib/protection/stream-places'

export const { GET, HEAD, OPTIONS, POST, PUT, PATCH, DELETE } = route({
  async GET(request, { params }: RouteContext<'/api/emails/[id]/events'>) {
    const { id } = await params
    const snapshot = await readSnapshot(id)
    if (!snapshot) throw notFound()
    // A browser reconnects whenever a stream ends. A 204 stops that.
    const seen = Number(request.headers.get('last-event-id') ?? Number.NaN)
    if (snapshot.final && seen >= snapshot.version) return new Response(null, { status: 204 })
    // Strangers who know the address can take all of its places, but not those of its owner.
    const isOwner = isTopicFull(id) && (await findOwner(id, readToken(request)))
    return streamEmail(request, id, reserveStream(request, isOwner ? `${id} for its owner` : id))
  },
})
