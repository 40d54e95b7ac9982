import { signIn, toSessionCookie } from '@/lib/account/session'
import { readIdempotencyKey } from '@/lib/http/idempotency-key'
import { rejectWhenOverloaded } from '@/lib/protection/overload'
import { readSignup, signUpWithinLimits } from '@/lib/protection/read-signup'
import { route } from '@/lib/protection/route'

export const { GET, HEAD, OPTIONS, POST, PUT, PATCH, DELETE } = route({
  async POST(request) {
    rejectWhenOverloaded()
    const input = await readSignup(request)
    const key = readIdempotencyKey(request.headers)
    const { user, welcomeEmail } = await signUpWithinLimits(request, input, key)
    const headers = {
      location: `/api/emails/${welcomeEmail.id}`,
      'set-cookie': toSessionCookie(await signIn(request, user.id, key)),
    }
    return Response.json({ status: 'Account created!', user, welcomeEmail }, { status: 201, headers })
  },
})
