import { z } from 'zod'
import { readSnapshot } from '@/lib/email/snapshot'
import { methodNotAllowed, notFound, Problem } from '@/lib/problem'
import { PEOPLE } from '@/lib/stage/people'
import { streamEvents } from '@/lib/stream'
import { sandboxOnly } from '../../sandbox-only'

const ids = z.array(z.guid()).min(1).max(PEOPLE.length)

/** Server-sent events about several emails: `email` with a snapshot of each at once and after each change of it. */
export const GET = sandboxOnly(async (request) => {
  const query = new URL(request.url).searchParams.get('ids')?.toLowerCase().split(',')
  const result = ids.safeParse([...new Set(query)])
  if (!result.success)
    throw new Problem(400, 'Malformed ids', { detail: `Send 1 to ${PEOPLE.length} UUIDs.` })
  if ((await Promise.all(result.data.map(readSnapshot))).includes(null)) throw notFound()

  const seen = new Map<string, number>()
  const open = new Set(result.data)
  return streamEvents(request, {
    channel: 'email_event',
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
  })
})

export const POST = sandboxOnly(methodNotAllowed('GET', 'HEAD'))
export const OPTIONS = POST
export const PUT = POST
export const PATCH = POST
export const DELETE = POST
