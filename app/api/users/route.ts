import { readIdempotencyKey } from '@/lib/http/idempotency-key'
import { route } from '@/lib/route'
import { signIn, toSessionCookie } from '@/lib/session'
import { admitSignup, signUpWithinLimit } from '@/lib/signup/admit'
import { refuseCrowd } from '@/lib/signup/signup'

export const { GET, HEAD, OPTIONS, POST, PUT, PATCH, DELETE } = route({
  async POST(request) {
    refuseCrowd()
    const input = await admitSignup(request)
    const key = readIdempotencyKey(request.headers)
    const { user, welcomeEmail } = await signUpWithinLimit(input, key)
    const headers = {
      location: `/api/emails/${welcomeEmail.id}`,
      'set-cookie': toSessionCookie(await signIn(request, user.id, key)),
    }
    return Response.json({ status: 'Account created!', user, welcomeEmail }, { status: 201, headers })
  },
})
