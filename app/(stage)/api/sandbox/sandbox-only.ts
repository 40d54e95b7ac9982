import { mayUseSandbox } from '@/app/(stage)/_lib/presenter'
import { notFound } from '@/lib/http/problem'

/** Guards a route that exists only in the sandbox, for the presenter. @throws {Problem} 404 otherwise */
export function sandboxOnly({ headers }: Request): void {
  if (!mayUseSandbox(headers)) throw notFound()
}
