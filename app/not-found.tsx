import type { Metadata } from 'next'
import Link from 'next/link'
import { Headline } from './components/site/headline'

export const metadata: Metadata = { title: 'Not found' }

export default function NotFound() {
  return (
    <>
      <Headline news="nothing here.">There is</Headline>
      <p className="mt-6 max-w-lg text-xl text-muted">
        The address may be mistyped, or the ticket it belongs to is gone.
      </p>
      <Link href="/" className="mt-8 link text-xl font-semibold">
        Go to the signup
      </Link>
    </>
  )
}
