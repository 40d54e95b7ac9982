import { Headline } from '@/app/components/site/headline'

/** What is left to say when everything is gone. */
export function Forgotten() {
  return (
    <>
      <Headline news="forgotten you." tone="good">
        We have
      </Headline>
      <p role="status" className="mt-6 max-w-xl text-xl text-pretty text-muted">
        Nothing is left of it here. After a link like this one, we don’t write to a mailbox for 30 days,
        whoever asks us to.
      </p>
    </>
  )
}
