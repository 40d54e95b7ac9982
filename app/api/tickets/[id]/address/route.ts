import { correctAddress } from '@/lib/account/correct-address'
import { requireOwner } from '@/lib/account/owner'
import { readInput } from '@/lib/http/input'
import { type Hit, withinLimits } from '@/lib/protection/limits'
import { route } from '@/lib/protection/route'
import { toMailbox } from '@/lib/sending/mailbox'
import { addressInput, MAX_BYTES } from '@/lib/signup/input'

export const { GET, HEAD, OPTIONS, POST, PUT, PATCH, DELETE } = route({
  async POST(request, { params }: RouteContext<'/api/tickets/[id]/address'>) {
    const user = await requireOwner(request, (await params).id)
    const { email } = await readInput(request, addressInput, MAX_BYTES)
    const hits: Hit[] = [
      ['mailRequest', request],
      ['mailbox', toMailbox(email)],
    ]
    const signup = await withinLimits(hits, (rejectIfFull) => correctAddress(user.id, email, rejectIfFull))
    return Response.json(signup, { status: 202 })
  },
})
