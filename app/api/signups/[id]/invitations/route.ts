import { readInput } from '@/lib/input'
import { invitationsInput, inviteFriends, readInvitations, readLimit } from '@/lib/invitations'
import { refuseForeignOrigin } from '@/lib/origin'
import { handle, methodNotAllowed, notFound } from '@/lib/problem'
import { requireOwner } from '@/lib/session'

const MAX_BYTES = 32 * 1024

export const POST = handle(async (request, { params }: RouteContext<'/api/signups/[id]/invitations'>) => {
  if (readLimit() === 0) throw notFound()
  refuseForeignOrigin(request)
  const user = await requireOwner(request, (await params).id)
  const { emails } = await readInput(request, invitationsInput, MAX_BYTES)
  await inviteFriends(user.id, emails)
  return Response.json(await readInvitations(user.id), {
    status: 202,
    headers: { 'cache-control': 'no-store' },
  })
})

export const GET = methodNotAllowed('POST')
export const HEAD = GET
export const OPTIONS = GET
export const PUT = GET
export const PATCH = GET
export const DELETE = GET
