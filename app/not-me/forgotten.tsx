import { Headline } from '@/app/components/site/headline'

export function Forgotten() {
  return (
    <>
      <Headline news="forgotten you." tone="good">
        We have
      </Headline>
      <p role="status" className="mt-6 max-w-xl text-xl text-pretty text-muted">
        Your address is no longer stored here. We won’t email this mailbox for 30 days, even if a new signup
        names it.
      </p>
    </>
  )
}
