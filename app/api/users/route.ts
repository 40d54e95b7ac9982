import { z } from 'zod'
import { readInput } from '@/lib/input'
import { refuseForeignOrigin } from '@/lib/origin'
import { handle, methodNotAllowed, Problem } from '@/lib/problem'
import { toSessionCookie } from '@/lib/session'
import { refuseCrowd, signUp } from '@/lib/signup'
import { signupInput } from '@/lib/signup-input'

const MAX_BYTES = 8 * 1024

export const POST = handle(async (request) => {
  refuseCrowd()
  refuseForeignOrigin(request)
  const input = await readInput(request, signupInput, MAX_BYTES)
  const key = parseIdempotencyKey(request)
  const { user, welcomeEmail, session } = await signUp(input, key)
  const headers = {
    location: `/api/emails/${welcomeEmail.id}`,
    'cache-control': 'no-store',
    'set-cookie': toSessionCookie(session),
  }
  return Response.json({ status: 'Account created!', user, welcomeEmail }, { status: 201, headers })
})

export const GET = methodNotAllowed('POST')
export const HEAD = GET
export const OPTIONS = GET
export const PUT = GET
export const PATCH = GET
export const DELETE = GET

function parseIdempotencyKey(request: Request): string | undefined {
  const key = request.headers.get('idempotency-key')
  if (key === null) return
  if (!z.guid().safeParse(key).success)
    throw new Problem(400, 'Malformed Idempotency-Key', { detail: 'Send a UUID.' })
  return key.toLowerCase()
}
