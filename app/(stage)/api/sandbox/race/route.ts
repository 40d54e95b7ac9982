import { z } from 'zod'
import { PEOPLE } from '@/app/(stage)/_lib/people'
import { readInput } from '@/lib/http/input'
import { route } from '@/lib/protection/route'
import { sandboxOnly } from '../sandbox-only'
import { runSignups } from './run-signups'

const MAX_BYTES = 1024

const lane = z.strictObject({
  way: z.enum(['inline', 'background']),
  people: z.int().min(1).max(PEOPLE.length),
})

export const { GET, HEAD, OPTIONS, POST, PUT, PATCH, DELETE } = route(
  {
    /**
     * One lane of the race. Browsers open six connections to a server, so ten people who sign up at once, each in a
     * browser of their own, are one request here; their answers come as lines of JSON, each when it is ready.
     */
    async POST(request) {
      const { way, people } = await readInput(request, lane, MAX_BYTES)
      return new Response(streamLines(runSignups(way, people)), {
        headers: {
          'content-type': 'application/x-ndjson; charset=utf-8',
          // Compression would hold the lines back.
          'cache-control': 'no-store, no-transform',
          'x-accel-buffering': 'no',
        },
      })
    },
  },
  { guard: sandboxOnly },
)

/** Each value as a line when it is there. A reader who leaves early stops nothing: the work goes on to its end. */
function streamLines(values: Promise<unknown>[]): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  let gone = false
  return new ReadableStream({
    start(controller) {
      const lines = values.map(async (value) => {
        const line = `${JSON.stringify(await value)}\n`
        if (!gone) controller.enqueue(encoder.encode(line))
      })
      void Promise.all(lines).then(() => {
        if (!gone) controller.close()
      })
    },
    cancel() {
      gone = true
    },
  })
}
