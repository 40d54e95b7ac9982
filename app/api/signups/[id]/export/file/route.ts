import { readFile } from '@/lib/export/file'
import { handle, methodNotAllowed } from '@/lib/problem'
import { requireOwner } from '@/lib/session'

const HEADERS = {
  'content-type': 'application/json; charset=utf-8',
  'content-disposition': 'attachment; filename="my-data.json"',
  'cache-control': 'private, no-store',
}

export const GET = handle(async (request, { params }: RouteContext<'/api/signups/[id]/export/file'>) => {
  const user = await requireOwner(request, (await params).id)
  return new Response(await readFile(user.id), { headers: HEADERS })
})

export const POST = methodNotAllowed('GET', 'HEAD')
export const OPTIONS = POST
export const PUT = POST
export const PATCH = POST
export const DELETE = POST
