import { handle, methodNotAllowed } from '@/lib/problem'
import { requireOwner } from '@/lib/session'
import { streamTasks } from '@/lib/tasks'

export const GET = handle(async (request, { params }: RouteContext<'/api/signups/[id]/tasks/events'>) => {
  const user = await requireOwner(request, (await params).id)
  return streamTasks(request, user.id)
})

export const POST = methodNotAllowed('GET', 'HEAD')
export const OPTIONS = POST
export const PUT = POST
export const PATCH = POST
export const DELETE = POST
