import { backstageOnly } from '@/app/(stage)/_lib/guard'
import { redrive, redriveInput } from '@/app/(stage)/_lib/redrive'
import { readInput } from '@/lib/http/input'
import { isServed, redriveQueue } from '@/lib/ops/queue-state'
import { route } from '@/lib/protection/route'

const MAX_BYTES = 8 * 1024

export const { GET, HEAD, OPTIONS, POST, PUT, PATCH, DELETE } = route(
  {
    async POST(request) {
      const { id } = await readInput(request, redriveInput, MAX_BYTES)
      if (isServed(id)) return Response.json({ jobs: await redriveQueue(id) })
      return Response.json({ emails: await redrive(id) })
    },
  },
  { guard: backstageOnly },
)
