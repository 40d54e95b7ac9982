import { tellHealth } from '@/lib/health'
import { route } from '@/lib/route'

export const { GET, HEAD, OPTIONS, POST, PUT, PATCH, DELETE } = route({
  async GET(request) {
    return Response.json(await tellHealth(request.headers))
  },
})
