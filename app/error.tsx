'use client'

import { Headline } from './components/headline'

export default function ErrorPage({ retry }: { retry: () => void }) {
  return (
    <div className="pt-4 lg:pt-10">
      <Headline news="went wrong." tone="bad">
        Something
      </Headline>
      <p className="mt-6 max-w-lg text-xl text-muted">
        It is our fault, not yours. An email that was in the queue is still there and will go out.
      </p>
      <button
        type="button"
        onClick={() => retry()}
        className="mt-8 cursor-pointer bg-ink px-6 py-4 text-xl font-semibold text-paper hover:bg-ink/85"
      >
        Try again
      </button>
    </div>
  )
}
