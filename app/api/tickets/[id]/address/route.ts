import { readInput } from '@/lib/http/input'
import { limit, limitDone } from '@/lib/limits'
import { requireOwner } from '@/lib/owner'
import { route } from '@/lib/route'
import { correctAddress } from '@/lib/signup/correct-address'
import { addressInput, MAX_BYTES } from '@/lib/signup/input'
import { toMailbox } from '@/lib/signup/mailbox'

export const { GET, HEAD, OPTIONS, POST, PUT, PATCH, DELETE } = route({
  async POST(request, { params }: RouteContext<'/api/tickets/[id]/address'>) {
    const user = await requireOwner(request, (await params).id)
    await limit('ticket', request)
    const { email } = await readInput(request, addressInput, MAX_BYTES)
    const signup = await limitDone('mailbox', toMailbox(email), () => correctAddress(user.id, email))
    return Response.json(signup, { status: 202 })
  },
})
