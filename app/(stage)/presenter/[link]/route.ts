import { admitPresenter, isPresenter, isShared } from '@/app/(stage)/_lib/presenter'
import { notFound } from '@/lib/http/problem'
import { route } from '@/lib/protection/route'

const STAGE = { location: '/?stage' }

export const { GET, HEAD, OPTIONS, POST, PUT, PATCH, DELETE } = route<{ params: Promise<{ link: string }> }>(
  {
    /** The terminal's link makes a browser the presenter's, and disappears from its address. */
    async GET({ headers }, { params }) {
      if (isPresenter(headers)) return new Response(null, { status: 303, headers: STAGE })
      const cookie = admitPresenter((await params).link)
      return new Response(null, { status: 303, headers: { ...STAGE, 'set-cookie': cookie } })
    },

    /** Programs that only look where a link leads must not use it up. */
    HEAD() {
      throw notFound()
    },
  },
  {
    guard() {
      if (!isShared()) throw notFound()
    },
  },
)
