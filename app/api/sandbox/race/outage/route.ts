import { env } from '@/lib/env'
import { refuseForeignOrigin } from '@/lib/origin'
import { methodNotAllowed, unavailable } from '@/lib/problem'
import { sandboxOnly } from '../../sandbox-only'

/**
 * How long the mail service stays down if nobody repairs it. It counts the time itself: whatever becomes of the page
 * and of this server, the weather that was there before comes back.
 */
const OUTAGE_MS = 180_000

/** Takes the local mail service down for a while. */
export const PUT = sandboxOnly((request) =>
  changeWeather(request, 'PUT', { mode: 'outage', forMs: OUTAGE_MS }),
)

/** Repairs it. If it is not down, or down for another reason, nothing happens. */
export const DELETE = sandboxOnly((request) => changeWeather(request, 'DELETE'))

export const GET = sandboxOnly(methodNotAllowed('PUT', 'DELETE'))
export const HEAD = GET
export const OPTIONS = GET
export const POST = GET
export const PATCH = GET

async function changeWeather(request: Request, method: string, weather?: object): Promise<Response> {
  refuseForeignOrigin(request)
  const init = { method, body: JSON.stringify(weather), signal: AbortSignal.timeout(5_000) }
  const answer = await fetch(`${env('RESEND_BASE_URL')}/sandbox`, init).catch(() => undefined)
  if (!answer?.ok) throw unavailable('The local mail service cannot be reached.')
  return new Response(null, { status: 204 })
}
