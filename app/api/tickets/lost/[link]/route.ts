import { route } from '@/lib/route'
import { toSessionCookie } from '@/lib/session'
import { openLostTicket } from '@/lib/signup/lost-ticket'

export const { GET, HEAD, OPTIONS, POST, PUT, PATCH, DELETE } = route({
  async POST(request, { params }: RouteContext<'/api/tickets/lost/[link]'>) {
    const { ticketId, token } = await openLostTicket(request, (await params).link)
    return Response.json({ ticketId }, { headers: { 'set-cookie': toSessionCookie(token) } })
  },
})
