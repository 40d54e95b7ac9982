import { requireOwner } from '@/lib/account/owner'
import { env } from '@/lib/env'
import { readInput } from '@/lib/http/input'
import { notFound } from '@/lib/http/problem'
import { invitationsInput, inviteWithinLimits, readInvitations } from '@/lib/orders/invitations'
import { route } from '@/lib/protection/route'

const MAX_BYTES = 32 * 1024

export const { GET, HEAD, OPTIONS, POST, PUT, PATCH, DELETE } = route({
  async POST(request, { params }: RouteContext<'/api/tickets/[id]/invitations'>) {
    if (env('INVITATIONS_PER_USER') === 0) throw notFound()
    const user = await requireOwner(request, (await params).id)
    const { emails } = await readInput(request, invitationsInput, MAX_BYTES)
    await inviteWithinLimits(user.id, emails)
    return Response.json(await readInvitations(user.id), { status: 202 })
  },
})
