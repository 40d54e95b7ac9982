import { changeWeather } from '@/app/(stage)/_lib/weather'
import { sandboxOnly } from '@/app/(stage)/api/sandbox/sandbox-only'
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
      await changeWeather({ mode: 'outage', forMs: OUTAGE_MS })
      return new Response(null, { status: 204 })
    },

    /** Ends the outage of `PUT`. It does nothing if there is none, or if the mail service is down for another reason. */
    async DELETE() {
      await changeWeather()
      return new Response(null, { status: 204 })
    },
  },
  { guard: sandboxOnly },
)
