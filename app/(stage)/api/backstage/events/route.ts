import { readBackstage } from '@/app/(stage)/_lib/backstage'
import { backstageOnly } from '@/app/(stage)/_lib/guard'
import { streamBackstage } from '@/app/(stage)/_lib/stream'
import { route } from '@/lib/protection/route'

export const { GET, HEAD, OPTIONS, POST, PUT, PATCH, DELETE } = route(
  {
    async GET(request) {
      // Without a database this throws, so the answer is a 503 and not a stream that ends at once.
      await readBackstage()
      return streamBackstage(request)
    },
  },
  { guard: backstageOnly },
)
