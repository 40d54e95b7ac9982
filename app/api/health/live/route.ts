import { openRoute } from '@/lib/protection/route'

export const { GET, HEAD, OPTIONS, POST, PUT, PATCH, DELETE } = openRoute({
  /** Whether this process answers at all. Whether it can do its work, and should get any, is /api/health. */
  GET: () => Response.json({ process: 'up' }),
})
