import { endSession, readToken, toSessionCookie } from '@/lib/account/session'
import { route } from '@/lib/protection/route'

export const { GET, HEAD, OPTIONS, POST, PUT, PATCH, DELETE } = route({
  async DELETE(request) {
    const token = readToken(request)
    if (token) await endSession(token)
    return new Response(null, { status: 204, headers: { 'set-cookie': toSessionCookie() } })
  },
})
