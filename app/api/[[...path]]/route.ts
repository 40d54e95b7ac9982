import { notFound } from '@/lib/http/problem'
import { route } from '@/lib/route'

export const { GET, HEAD, OPTIONS, POST, PUT, PATCH, DELETE } = route({}, () => {
  throw notFound()
})
