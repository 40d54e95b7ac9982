import { Countdown } from './countdown'

/** Says when to try again, if the server named a time. */
export function TryAgain({ at }: { at: string | undefined }) {
  if (!at) return null
  return (
    <>
      {' '}
      You can try again <Countdown to={at} after="now" />.
    </>
  )
}
