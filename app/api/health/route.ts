import { readHealthFor } from '@/lib/ops/health'
import { unlimitedRoute } from '@/lib/protection/route'

export const { GET, HEAD, OPTIONS, POST, PUT, PATCH, DELETE } = unlimitedRoute({
  async GET(request) {
    return Response.json(await readHealthFor(request.headers))
  },
})
