import { findOwner } from '@/lib/account/owner'
import { readToken } from '@/lib/account/session'
import { notFound } from '@/lib/http/problem'
import { readWatched } from '@/lib/live/snapshot'
import { streamEmail } from '@/lib/live/stream'
import { route } from '@/lib/protection/route'
import { isTopicFull, reserveStream } from '@/lib/protection/stream-places'

export const { GET, HEAD, OPTIONS, POST, PUT, PATCH, DELETE } = route({
  async GET(request, { params }: RouteContext<'/api/emails/[id]/events'>) {
    const { id } = await params
    const watched = await readWatched(id)
    if (!watched) throw notFound()
    // A client that does not know the event `over` reconnects when the stream ends. A 204 stops that.
    const seen = Number(request.headers.get('last-event-id') ?? Number.NaN)
    if (watched.lingerMs === 0 && seen >= watched.snapshot.version) return new Response(null, { status: 204 })
    // Strangers who know the id can take all of its places. The owner has places of their own.
    const isOwner = isTopicFull(id) && (await findOwner(id, readToken(request)))
    return streamEmail(request, id, reserveStream(request, isOwner ? `${id} for its owner` : id))
  },
})
