import { notFound } from '@/lib/http/problem'
import { route } from '@/lib/protection/route'

export const { GET, HEAD, OPTIONS, POST, PUT, PATCH, DELETE } = route(
  {},
  {
    guard() {
      throw notFound()
    },
  },
)
