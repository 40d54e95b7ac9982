import { recordWait } from '@/app/(stage)/_lib/waits' // stage
import { findSignupToken, readToken, signIn, toSessionCookie } from '@/lib/account/session'
import { readIdempotencyKey } from '@/lib/http/idempotency-key'
import { rejectWhenOverloaded } from '@/lib/protection/overload'
import { route } from '@/lib/protection/route'
import { readSignup, signUpWithinLimits } from '@/lib/protection/signup'

export const { GET, HEAD, OPTIONS, POST, PUT, PATCH, DELETE } = route({
  async POST(request) {
    const start = performance.now() // stage
    // Rejects before it reads the body. `signUpWithinLimits` checks the overload again before the transaction.
    rejectWhenOverloaded('signup')
    const input = await readSignup(request)
    const key = readIdempotencyKey(request.headers)
    let token: string | undefined
    const { user, welcomeEmail, isReplay } = await signUpWithinLimits(
      request,
      input,
      key,
      async (tx, userId) => {
        token = await signIn(tx, userId, readToken(request), key)
      },
    )
    // The browser may never have got the first answer and its cookie. The token is derived from the key again.
    if (isReplay && key) token = await findSignupToken(user.id, key)
    const headers = new Headers({ location: `/api/emails/${welcomeEmail.id}` })
    if (token) headers.set('set-cookie', toSessionCookie(token))
    recordWait(welcomeEmail.id, start) // stage
    return Response.json({ status: 'Account created!', user, welcomeEmail }, { status: 201, headers })
  },
})
