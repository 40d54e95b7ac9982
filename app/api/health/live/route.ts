import { openRoute } from '@/lib/protection/route'

export const { GET, HEAD, OPTIONS, POST, PUT, PATCH, DELETE } = openRoute({
  /** Liveness: this process answers. Readiness is /api/health. */
  GET: () => Response.json({ process: 'up' }),
})
