import Link from 'next/link'
import { Headline } from '@/app/components/site/headline'

/** For a link that was used or is too old. */
export function Over() {
  return (
    <>
      <Headline news="has expired.">This link</Headline>
      <p className="mt-6 max-w-xl text-xl text-pretty text-muted">
        It works once, and for an hour. To get a new link, sign up with the same address: we then offer to
        send it.
      </p>
      <Link href="/" className="mt-8 link text-xl font-semibold">
        Go to the signup
      </Link>
    </>
  )
}
