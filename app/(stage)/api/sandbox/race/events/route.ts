import { z } from 'zod'
import { PEOPLE } from '@/app/(stage)/_lib/people'
import { sandboxOnly } from '@/app/(stage)/api/sandbox/sandbox-only'
import { notFound, Problem } from '@/lib/http/problem'
import { streamEvents } from '@/lib/live/events'
import { readSnapshot } from '@/lib/live/snapshot'
import { watch } from '@/lib/live/watch'
import { HEARTBEAT } from '@/lib/live/workers'
import { route } from '@/lib/protection/route'
import { reserveStream } from '@/lib/protection/stream-places'

const ids = z.array(z.guid()).min(1).max(PEOPLE.length)

export const { GET, HEAD, OPTIONS, POST, PUT, PATCH, DELETE } = route(
  {
    /** Streams several emails as server-sent events (`email`): a snapshot of each at once, and after each change. */
    async GET(request) {
      const query = new URL(request.url).searchParams.get('ids')?.toLowerCase().split(',')
      const result = ids.safeParse([...new Set(query)])
      if (!result.success)
        throw new Problem(400, 'Malformed ids', { detail: `Send 1 to ${PEOPLE.length} UUIDs.` })
      if ((await Promise.all(result.data.map(readSnapshot))).includes(null)) throw notFound()

      const seen = new Map<string, number>()
      const open = new Set(result.data)
      return streamEvents(
        request,
        {
          heartbeat: HEARTBEAT,
          watch: (onChange) => watch('email_event', undefined, onChange),
          pauseMs: 100,
          async update(send) {
            for (const snapshot of await Promise.all([...open].map(readSnapshot))) {
              if (!snapshot) return true
              if (snapshot.version > (seen.get(snapshot.id) ?? 0)) send('email', snapshot)
              seen.set(snapshot.id, snapshot.version)
              if (snapshot.final) open.delete(snapshot.id)
            }
            return open.size === 0
          },
        },
        reserveStream(request),
      )
    },
  },
  { guard: sandboxOnly },
)
