'use client'

import { Headline } from './components/site/headline'

export default function ErrorPage({ retry }: { retry: () => void }) {
  return (
    <>
      <title>Something went wrong · Behind the Scenes</title>
      <Headline news="went wrong." tone="bad">
        Something
      </Headline>
      <p className="mt-6 max-w-lg text-xl text-muted">
        It is our fault, not yours. An email that was in the queue is still there and will go out.
      </p>
      <button type="button" onClick={() => retry()} className="mt-8 button">
        Try again
      </button>
    </>
  )
}
