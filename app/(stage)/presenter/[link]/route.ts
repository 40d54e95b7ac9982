import { isPresenter, isShared, signInPresenter } from '@/app/(stage)/_lib/presenter'
import { notFound } from '@/lib/http/problem'
import { route } from '@/lib/protection/route'

const STAGE = { location: '/?stage' }

export const { GET, HEAD, OPTIONS, POST, PUT, PATCH, DELETE } = route<{ params: Promise<{ link: string }> }>(
  {
    /** Signs the presenter's browser in, and redirects so that the link is not in the address bar. */
    async GET({ headers }, { params }) {
      if (isPresenter(headers)) return new Response(null, { status: 303, headers: STAGE })
      const cookie = signInPresenter((await params).link)
      return new Response(null, { status: 303, headers: { ...STAGE, 'set-cookie': cookie } })
    },

    /** A program that only checks the link must not use it up. */
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
