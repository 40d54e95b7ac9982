import type { Backstage } from '@/app/(stage)/_lib/backstage'
import { Countdown } from '@/app/components/site/countdown'
import { explainPause } from '@/app/components/ticket/words'

/** Why nothing goes out, and when it goes on. On stage, the sign in the picture is enough for the eye. */
export function Pause({ paused }: { paused: Backstage['paused'] | undefined }) {
  return (
    <p role="status" className="text-lg stage:sr-only">
      {paused && (
        <>
          <b className="font-semibold text-bad">No mail goes out.</b> {explainPause(paused.reason)}{' '}
          <span className="whitespace-nowrap tabular-nums">
            Next try <Countdown to={paused.until} />.
          </span>
        </>
      )}
    </p>
  )
}
