import { readText } from '@/lib/http/body'
import { limit } from '@/lib/protection/limits'
import { rejectWhenOverloaded } from '@/lib/protection/overload'
import { route } from '@/lib/protection/route'
import { receiveReport, verifyReport } from '@/lib/status/webhook'

const MAX_BYTES = 64 * 1024

export const { GET, HEAD, OPTIONS, POST, PUT, PATCH, DELETE } = route(
  {
    async POST(request) {
      const report = await readReport(request)
      rejectWhenOverloaded('report')
      return Response.json({ stored: await receiveReport(report, request) })
    },
  },
  // The signature is the check. Some senders and proxies add an Origin.
  { origin: 'any' },
)

/** Counts each webhook that fails verification, whatever is wrong with it. A verified one never counts. */
async function readReport(request: Request): Promise<unknown> {
  try {
    return verifyReport(await readText(request, MAX_BYTES), request.headers)
  } catch (error) {
    await limit('signature', request)
    throw error
  }
}
