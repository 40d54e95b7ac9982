/** Next calls this once when the server starts. */
export async function register(): Promise<void> {
  if (process.env.NEXT_RUNTIME !== 'nodejs') return
  // First, because requests may come in already. Who sent those, nobody knows: they count as one visitor's.
  const { watchVisitors } = await import('./lib/http/visitor')
  watchVisitors()
  await import('./instrumentation-node')
}
