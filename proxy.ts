import { type NextRequest, NextResponse } from 'next/server'
import { askForPassword } from './app/(stage)/_lib/guard' // stage
import { toContentPolicy, transportHeaders } from './lib/http/security'

/** Next calls this before the pages below: here each answer gets a nonce of its own, for its scripts and no others. */
export function proxy(request: NextRequest): Response {
  const refusal = askForPassword(request) // stage
  if (refusal) return refusal // stage
  const nonce = crypto.randomUUID()
  const policy = { 'content-security-policy': toContentPolicy(nonce) }
  // Next reads the policy that comes with the request, and gives the nonce to what it writes.
  const headers = new Headers({ ...Object.fromEntries(request.headers), ...policy, 'x-nonce': nonce })
  return NextResponse.next({ request: { headers }, headers: { ...policy, ...transportHeaders() } })
}

export const config = {
  matcher: [
    '/((?!api/|_next/).*)',
    '/api/backstage/:path*', // stage
  ],
}
