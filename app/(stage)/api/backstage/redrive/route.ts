import { crewOnly } from '@/app/(stage)/_lib/guard'
import { redrive, redriveInput } from '@/app/(stage)/_lib/redrive'
import { readInput } from '@/lib/http/input'
import { route } from '@/lib/route'

const MAX_BYTES = 8 * 1024

export const { GET, HEAD, OPTIONS, POST, PUT, PATCH, DELETE } = route(
  {
    async POST(request) {
      const emails = await redrive(await readInput(request, redriveInput, MAX_BYTES))
      return Response.json({ emails })
    },
  },
  { guard: crewOnly },
)
