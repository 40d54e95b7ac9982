import type { Instrumentation } from 'next'

/** Next calls this once when the server starts. */
export async function register(): Promise<void> {
  if (process.env.NEXT_RUNTIME !== 'nodejs') return
  // First, because requests may come in already. Who sent those, nobody knows: they count as one visitor's.
  const { watchVisitors } = await import('./lib/protection/visitor')
  watchVisitors()
  const { sanitizeRequests } = await import('./lib/ops/sanitize-requests')
  sanitizeRequests()
  await import('./instrumentation-node')
}

/** Next calls this when a page fails. Our routes deal with their errors themselves. */
export const onRequestError: Instrumentation.onRequestError = async (err, request, { routePath }) => {
  // In development, Next shows it much better.
  if (process.env.NEXT_RUNTIME !== 'nodejs' || process.env.NODE_ENV === 'development') return
  const { log, reasonOf } = await import('./lib/log')
  const { isUnavailable } = await import('./lib/db/prisma')
  const why = isUnavailable(err) ? { reason: reasonOf(err) } : { err }
  log.error({ ...why, requestId: request.headers['x-request-id'] }, `${request.method} ${routePath}`)
}
