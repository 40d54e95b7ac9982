import { readHealthFor } from '@/lib/ops/health'
import { openRoute } from '@/lib/protection/route'

export const { GET, HEAD, OPTIONS, POST, PUT, PATCH, DELETE } = openRoute({
  async GET(request) {
    return Response.json(await readHealthFor(request.headers))
  },
})
