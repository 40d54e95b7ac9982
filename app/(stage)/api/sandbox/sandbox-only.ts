import { inSandbox } from '@/lib/env'
import { notFound } from '@/lib/http/problem'

/** Guards a route that exists in the sandbox only. @throws {Problem} 404 elsewhere */
export function sandboxOnly(): void {
  if (!inSandbox()) throw notFound()
}
