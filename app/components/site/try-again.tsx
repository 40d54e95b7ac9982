import { Countdown } from './countdown'

/** When it makes sense to try again, if the server has told. */
export function TryAgain({ at }: { at: string | undefined }) {
  if (!at) return null
  return (
    <>
      {' '}
      You can try again <Countdown to={at} after="now" />.
    </>
  )
}
