import { mayUseSandbox } from '@/app/(stage)/_lib/presenter'
import { notFound } from '@/lib/http/problem'

/** Guards a route that exists in the sandbox only, and there for the presenter. @throws {Problem} 404 to all others */
export function sandboxOnly({ headers }: Request): void {
  if (!mayUseSandbox(headers)) throw notFound()
}
