import { z } from 'zod'
import { PEOPLE } from '@/app/(stage)/_lib/people'
import { readInput } from '@/lib/http/input'
import { route } from '@/lib/protection/route'
import { sandboxOnly } from '../sandbox-only'
import { runSignups, WAYS } from './run-signups'

const MAX_BYTES = 1024

const lane = z.strictObject({
  way: z.enum(WAYS),
  people: z.int().min(1).max(PEOPLE.length),
})

export const { GET, HEAD, OPTIONS, POST, PUT, PATCH, DELETE } = route(
  {
    /**
     * Runs one lane of the race. A browser opens at most six connections to a server. So twenty simultaneous signups
     * are one request, and each answer is a line of JSON as soon as it is ready.
     */
    async POST(request) {
      const { way, people } = await readInput(request, lane, MAX_BYTES)
      return new Response(streamLines(runSignups(way, people)), {
        headers: {
          'content-type': 'application/x-ndjson; charset=utf-8',
          // Compression would buffer the lines.
          'cache-control': 'no-store, no-transform',
          'x-accel-buffering': 'no',
        },
      })
    },
  },
  { guard: sandboxOnly },
)

/** Streams each value as a line as soon as it is ready. If the client disconnects, the signups still finish. */
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
