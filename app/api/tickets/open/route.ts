import { openLostTicket } from '@/lib/account/lost-ticket'
import { readLink } from '@/lib/account/read-link'
import { toSessionCookie } from '@/lib/account/session'
import { route } from '@/lib/protection/route'

export const { GET, HEAD, OPTIONS, POST, PUT, PATCH, DELETE } = route({
  async POST(request) {
    const { emailId } = await readLink(request, 'ticket')
    const { ticketId, token } = await openLostTicket(request, emailId)
    return Response.json({ ticketId }, { headers: { 'set-cookie': toSessionCookie(token) } })
  },
})
