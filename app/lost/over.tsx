import Link from 'next/link'
import { Headline } from '@/app/components/site/headline'

/** What there is to say of a link that was used, or is too old. */
export function Over() {
  return (
    <>
      <Headline news="is over.">This link</Headline>
      <p className="mt-6 max-w-xl text-xl text-pretty text-muted">
        It works once, and for an hour. For another one, sign up with the same address: we offer to send it.
      </p>
      <Link href="/" className="mt-8 link text-xl font-semibold">
        Go to the signup
      </Link>
    </>
  )
}
