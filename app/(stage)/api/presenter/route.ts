import { z } from 'zod'
import { isPresenter, isShared, signInPresenter } from '@/app/(stage)/_lib/presenter'
import { readInput } from '@/lib/http/input'
import { notFound } from '@/lib/http/problem'
import { route } from '@/lib/protection/route'

const presenterInput = z.strictObject({ link: z.string() })
const MAX_BYTES = 1024

export const { GET, HEAD, OPTIONS, POST, PUT, PATCH, DELETE } = route(
  {
    /** Signs the presenter's browser in with the part of the link after the `#`. */
    async POST(request) {
      const { link } = await readInput(request, presenterInput, MAX_BYTES)
      const headers = isPresenter(request.headers) ? undefined : { 'set-cookie': signInPresenter(link) }
      return new Response(null, { status: 204, headers })
    },
  },
  {
    guard() {
      if (!isShared()) throw notFound()
    },
  },
)
