import type { Instrumentation } from 'next'

/** Next calls this once when the server starts. */
export async function register(): Promise<void> {
  if (process.env.NEXT_RUNTIME !== 'nodejs') return
  // First, because requests may arrive already.
  const { guardServers } = await import('./lib/protection/door')
  guardServers()
  const { sanitizeRequests } = await import('./lib/ops/sanitize-requests')
  sanitizeRequests()
  await import('./instrumentation-node')
}

/** Next calls this when a page fails. Our routes handle their own errors. */
export const onRequestError: Instrumentation.onRequestError = async (err, request, { routePath }) => {
  // In development, Next shows the error itself.
  if (process.env.NEXT_RUNTIME !== 'nodejs' || process.env.NODE_ENV === 'development') return
  const { log } = await import('./lib/log')
  const { toLogFields } = await import('./lib/db/prisma')
  log.error(
    { ...toLogFields(err), requestId: request.headers['x-request-id'] },
    `${request.method} ${routePath}`,
  )
}
