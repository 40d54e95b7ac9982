import { readCredits } from '@/app/(stage)/_lib/credits'
import { isPresenter, isShared } from '@/app/(stage)/_lib/presenter'
import { notFound } from '@/lib/http/problem'
import { route } from '@/lib/protection/route'

export const { GET, HEAD, OPTIONS, POST, PUT, PATCH, DELETE } = route(
  {
    /** The first names of the room, for the presenter of a shared sandbox. */
    async GET() {
      return Response.json(await readCredits())
    },
  },
  {
    guard({ headers }) {
      if (!isShared() || !isPresenter(headers)) throw notFound()
    },
  },
)
