import type { Metadata } from 'next'
import Link from 'next/link'
import { Headline } from './components/headline'

export const metadata: Metadata = { title: 'Not found' }

export default function NotFound() {
  return (
    <div className="pt-4 lg:pt-10">
      <Headline news="nothing here.">There is</Headline>
      <p className="mt-6 max-w-lg text-xl text-muted">
        The address may be mistyped, or the ticket it belongs to is gone.
      </p>
      <Link href="/" className="mt-8 inline-block py-2 text-xl font-semibold underline underline-offset-4">
        Go to the signup
      </Link>
    </div>
  )
}
