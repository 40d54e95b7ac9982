import { demoInput, signUpCrowd } from '@/app/(stage)/_lib/demo-signups'
import { readInput } from '@/lib/http/input'
import { route } from '@/lib/protection/route'
import { sandboxOnly } from '../sandbox-only'

const MAX_BYTES = 1024

export const { GET, HEAD, OPTIONS, POST, PUT, PATCH, DELETE } = route(
  {
    async POST(request) {
      const crowd = await readInput(request, demoInput, MAX_BYTES)
      return Response.json({ ids: await signUpCrowd(crowd) }, { status: 202 })
    },
  },
  { guard: sandboxOnly },
)
