import type { Metadata } from 'next'
import { Headline } from './components/headline'
import { HomeLink } from './components/home-link'

export const metadata: Metadata = { title: 'Not found' }

export default function NotFound() {
  return (
    <>
      <Headline news="nothing here.">There is</Headline>
      <p className="mt-6 max-w-lg text-xl text-muted">
        The address may be mistyped, or the ticket it belongs to is gone.
      </p>
      <HomeLink className="mt-8 link text-xl font-semibold">Go to the signup</HomeLink>
    </>
  )
}
