import { Headline } from './headline'

export function BrokenLink() {
  return (
    <>
      <Headline news="doesn’t work.">This link</Headline>
      <p className="mt-6 max-w-lg text-xl text-muted">
        A mail program may have cut it off. Copy the whole address from the mail, up to its last letter.
      </p>
    </>
  )
}
