import { tellHealth } from '@/lib/health'
import { unlimitedRoute } from '@/lib/route'

export const { GET, HEAD, OPTIONS, POST, PUT, PATCH, DELETE } = unlimitedRoute({
  async GET(request) {
    return Response.json(await tellHealth(request.headers))
  },
})
