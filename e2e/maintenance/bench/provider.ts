import type { Stack } from '../../stack'

/** An empty database, and a mail service that answers at once. @param rateLimit requests a second, 0 for any number */
export async function startAfresh(stack: Stack, rateLimit = 0): Promise<void> {
  await stack.reset()
  await stack.setProvider({ latencyMs: 0, rateLimit })
}
