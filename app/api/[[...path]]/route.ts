import { notFound } from '@/lib/http/problem'
import { route } from '@/lib/protection/route'

/** What no other route answers gets a 404 in JSON, and not Next's page. The guard comes first, so it is no 405. */
export const { GET, HEAD, OPTIONS, POST, PUT, PATCH, DELETE } = route(
  {},
  {
    guard() {
      throw notFound()
    },
  },
)
