import { readInput } from '@/lib/http/input'
import { limit } from '@/lib/limits'
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
    await limit('mailbox', toMailbox(email))
    return Response.json(await correctAddress(user.id, email), { status: 202 })
  },
})
