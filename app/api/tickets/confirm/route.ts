import { confirmMailbox } from '@/lib/account/lost-ticket'
import { linkExpired, readLink } from '@/lib/account/read-link'
import { prisma } from '@/lib/db/prisma'
import { route } from '@/lib/protection/route'

export const { GET, HEAD, OPTIONS, POST, PUT, PATCH, DELETE } = route({
  async POST(request) {
    const { emailId } = await readLink(request, 'confirm')
    if (!(await confirmMailbox(prisma(), emailId))) throw linkExpired()
    return new Response(null, { status: 204 })
  },
})
