import { disown } from '@/lib/account/not-me'
import { readLink } from '@/lib/account/read-link'
import { readSnapshot } from '@/lib/live/snapshot'
import { route } from '@/lib/protection/route'

export const { GET, HEAD, OPTIONS, POST, PUT, PATCH, DELETE } = route({
  async POST(request) {
    const { purpose, ...link } = await readLink(request, 'not-me', 'forget')
    const { isAsked, isErasing } = await disown(link, purpose === 'forget')
    // Null: gone already, a friend's mail, or the address was corrected since.
    const snapshot = isErasing ? await readSnapshot(link.emailId) : null
    return Response.json({ isAsked, erasing: snapshot?.erasure ? snapshot : null }, { status: 202 })
  },
})
