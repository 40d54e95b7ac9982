import { z } from 'zod'
import { Problem } from '@/lib/http/problem'
import { route } from '@/lib/route'
import { signIn, toSessionCookie } from '@/lib/session'
import { admitSignup, signUpWithinLimit } from '@/lib/signup/admit'
import { refuseCrowd } from '@/lib/signup/signup'

export const { GET, HEAD, OPTIONS, POST, PUT, PATCH, DELETE } = route({
  async POST(request) {
    refuseCrowd()
    const input = await admitSignup(request)
    const key = parseIdempotencyKey(request)
    const { user, welcomeEmail } = await signUpWithinLimit(input, key)
    const headers = {
      location: `/api/emails/${welcomeEmail.id}`,
      'set-cookie': toSessionCookie(await signIn(request, user.id, key)),
    }
    return Response.json({ status: 'Account created!', user, welcomeEmail }, { status: 201, headers })
  },
})

function parseIdempotencyKey(request: Request): string | undefined {
  const key = request.headers.get('idempotency-key')
  if (key === null) return
  if (!z.guid().safeParse(key).success)
    throw new Problem(400, 'Malformed Idempotency-Key', { detail: 'Send a UUID.' })
  return key.toLowerCase()
}
