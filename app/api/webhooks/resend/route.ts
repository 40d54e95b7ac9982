import { receiveReport } from '@/lib/email/webhook'
import { readText } from '@/lib/http/body'
import { route } from '@/lib/route'

const MAX_BYTES = 64 * 1024

export const { GET, HEAD, OPTIONS, POST, PUT, PATCH, DELETE } = route(
  {
    async POST(request) {
      const stored = await receiveReport(await readText(request, MAX_BYTES), request.headers)
      return Response.json({ stored })
    },
  },
  // The signature alone decides: some senders and proxies add an Origin.
  { origin: 'any' },
)
