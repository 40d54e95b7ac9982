import { handle, methodNotAllowed } from '@/lib/problem'
import { requireOwner } from '@/lib/session'
import { readTasks } from '@/lib/tasks'

export const GET = handle(async (request, { params }: RouteContext<'/api/signups/[id]/tasks'>) => {
  const user = await requireOwner(request, (await params).id)
  return Response.json(await readTasks(user.id), { headers: { 'cache-control': 'no-store' } })
})

export const POST = methodNotAllowed('GET', 'HEAD')
export const OPTIONS = POST
export const PUT = POST
export const PATCH = POST
export const DELETE = POST
