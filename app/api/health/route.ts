import { readHealth } from '@/lib/health'
import { route } from '@/lib/route'

export const { GET, HEAD, OPTIONS, POST, PUT, PATCH, DELETE } = route({
  async GET() {
    return Response.json(await readHealth())
  },
})
