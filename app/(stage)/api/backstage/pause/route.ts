import { z } from 'zod'
import { backstageOnly } from '@/app/(stage)/_lib/guard'
import { readInput } from '@/lib/http/input'
import { log } from '@/lib/log'
import { route } from '@/lib/protection/route'
import { setPaused } from '@/lib/sending/pause'

const MAX_BYTES = 1024

const pauseInput = z.strictObject({ paused: z.boolean() })

export const { GET, HEAD, OPTIONS, POST, PUT, PATCH, DELETE } = route(
  {
    /** Stops or resumes all mail, like `npm run pause` and `npm run resume`. */
    async PUT(request) {
      const { paused } = await readInput(request, pauseInput, MAX_BYTES)
      const since = await setPaused(paused)
      log.warn(paused ? 'All mail was stopped backstage' : 'Mail was let go out backstage')
      return Response.json({ since: since?.toISOString() ?? null })
    },
  },
  { guard: backstageOnly },
)
