import { type NextRequest, NextResponse } from 'next/server'
import { askForPassword } from './app/(stage)/_lib/guard' // stage
import { Problem } from './lib/http/problem'
import { toPage } from './lib/http/problem-page'
import { protectSandbox } from './lib/http/protect-sandbox'
import { REQUEST_ID, toRequestId } from './lib/http/request-id'
import { toContentPolicy, transportHeaders } from './lib/http/security'
import { requireDatabase } from './lib/ops/require-database'
import { visitorOf } from './lib/protection/visitor'

/** Next calls this before the pages below: here each answer gets a nonce of its own, for its scripts and no others. */
export async function proxy(request: NextRequest): Promise<Response> {
  const shared = { ...transportHeaders(), [REQUEST_ID]: toRequestId(request.headers) }
  try {
    protectSandbox(request)
    // Throws for a request that did not come through door.ts.
    visitorOf(request)
    rejectOtherMethods(request)
    await askForPassword(request) // stage
    await requireDatabase(request)
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    const isForPeople = request.headers.get('accept')?.includes('text/html')
    const response = isForPeople ? toPage(error) : error.toResponse()
    for (const [name, value] of Object.entries(shared)) response.headers.set(name, value)
    return response
  }
  const nonce = crypto.randomUUID()
  // Next looks for the policy in the request, too, and gives the nonce to what it writes.
  const ours = { 'content-security-policy': toContentPolicy(nonce), ...shared }
  const headers = new Headers({ ...Object.fromEntries(request.headers), ...ours, 'x-nonce': nonce })
  return NextResponse.next({ request: { headers }, headers: ours })
}

/**
 * Pages are read, and nothing else: there are no server actions, and what takes other methods is in app/api. Otherwise Next
 * answers any method with the page, and takes a form for an action that it cannot find, with a stack in the log.
 */
function rejectOtherMethods({ method, nextUrl }: NextRequest): void {
  if (method === 'GET' || method === 'HEAD' || nextUrl.pathname.startsWith('/api/')) return
  throw new Problem(405, 'Method not allowed', { headers: { allow: 'GET, HEAD' } })
}

export const config = {
  matcher: [
    // Files that the build has named, and routes, which have a wrapper of their own: lib/protection/route.ts.
    '/((?!api$|api/|_next/static/).*)',
    '/api/backstage/:path*', // stage
  ],
}
