import { openLostTicket } from '@/lib/account/lost-ticket'
import { toSessionCookie } from '@/lib/account/session'
import { route } from '@/lib/protection/route'

export const { GET, HEAD, OPTIONS, POST, PUT, PATCH, DELETE } = route({
  async POST(request, { params }: RouteContext<'/api/tickets/lost/[link]'>) {
    const { ticketId, token } = await openLostTicket(request, (await params).link)
    return Response.json({ ticketId }, { headers: { 'set-cookie': toSessionCookie(token) } })
  },
})
