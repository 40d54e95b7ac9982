import { askMailService } from '@/app/(stage)/_lib/weather'
import { sandboxOnly } from '@/app/(stage)/api/sandbox/sandbox-only'
import { unavailable } from '@/lib/http/problem'
import { route } from '@/lib/protection/route'

/**
 * How long the mail service stays down at most. It counts the time itself, so the old weather comes back even if the
 * page is closed or this server is stopped.
 */
const OUTAGE_MS = 180_000

export const { GET, HEAD, OPTIONS, POST, PUT, PATCH, DELETE } = route(
  {
    /** Takes the local mail service down for a while. */
    async PUT() {
      return changeWeather('PUT', { mode: 'outage', forMs: OUTAGE_MS })
    },

    /** Ends the outage of `PUT`. It does nothing if there is none, or if the mail service is down for another reason. */
    async DELETE() {
      return changeWeather('DELETE')
    },
  },
  { guard: sandboxOnly },
)

async function changeWeather(method: string, weather?: object): Promise<Response> {
  const init = { method, body: JSON.stringify(weather), signal: AbortSignal.timeout(5_000) }
  const answer = await askMailService('/sandbox', init).catch(() => undefined)
  if (!answer?.ok) throw unavailable('The local mail service cannot be reached.')
  return new Response(null, { status: 204 })
}
