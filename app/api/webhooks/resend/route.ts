import { readText } from '@/lib/http/body'
import { limit } from '@/lib/protection/limits'
import { rejectWhenOverloaded } from '@/lib/protection/overload'
import { route } from '@/lib/protection/route'
import { receiveReport, WrongSignature } from '@/lib/status/webhook'

const MAX_BYTES = 64 * 1024

export const { GET, HEAD, OPTIONS, POST, PUT, PATCH, DELETE } = route(
  {
    async POST(request) {
      rejectWhenOverloaded('report')
      const body = await readText(request, MAX_BYTES)
      try {
        return Response.json({ stored: await receiveReport(body, request) })
      } catch (error) {
        // Only wrong signatures count. Resend's own reports are never limited.
        if (error instanceof WrongSignature) await limit('signature', request)
        throw error
      }
    },
  },
  // The signature is the check. Some senders and proxies add an Origin.
  { origin: 'any' },
)
