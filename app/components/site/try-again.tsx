import { Countdown } from './countdown'

export function TryAgain({ at }: { at: string | undefined }) {
  if (!at) return null
  return (
    <span>
      {' '}
      You can try again <Countdown to={at} after="now" />.
    </span>
  )
}
