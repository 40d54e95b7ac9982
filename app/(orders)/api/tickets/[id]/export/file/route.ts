import { requireOwner } from '@/lib/account/owner'
import { readFile } from '@/lib/orders/export/file'
import { route } from '@/lib/protection/route'

const HEADERS = {
  'content-type': 'application/json; charset=utf-8',
  'content-disposition': 'attachment; filename="my-data.json"',
  'cache-control': 'private, no-store',
}

export const { GET, HEAD, OPTIONS, POST, PUT, PATCH, DELETE } = route({
  async GET(request, { params }: RouteContext<'/api/tickets/[id]/export/file'>) {
    const user = await requireOwner(request, (await params).id)
    return new Response(await readFile(user.id), { headers: HEADERS })
  },
})
