import { Countdown } from '@/app/components/countdown'
import { explainPause } from '@/app/components/words'
import type { Backstage } from '@/lib/stage/backstage'

/** Why nothing goes out, and when it goes on. */
export function Pause({ paused }: { paused: Backstage['paused'] | undefined }) {
  return (
    <p role="status" className="text-lg">
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
