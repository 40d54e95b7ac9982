import type { Backstage } from '@/app/(stage)/_lib/backstage'
import { Countdown } from '@/app/components/site/countdown'
import { explainPause } from '@/app/components/ticket/reasons'
import { Sign } from './sign'

/** `way` is the height of the opening. */
type Props = { paused: Backstage['paused'] | undefined; way: string }

/**
 * The gate before the mail service. It is shut while the account waits, and a sign says why and for how long. A phone
 * has no room for the sign, and shows the text above the picture only.
 */
export function Gate({ paused, way }: Props) {
  return (
    <div className="relative col-start-5">
      <div className="absolute inset-y-0 -left-3 flex w-1.5 flex-col sm:-left-3.5 sm:w-2">
        <div className="flex-1 bg-ink dark:bg-line" />
        <div style={{ height: way }} className="shrink-0">
          <div
            className={`h-full bg-bad motion-safe:transition-[scale] motion-safe:duration-200 ${paused ? '' : 'scale-y-0'}`}
          />
        </div>
        <div className="flex-1 bg-ink dark:bg-line" />
      </div>
      <p className="text-xs leading-tight font-semibold text-muted sm:text-base stage:text-xl">
        ← Gate: mail service
      </p>
      {paused && (
        <Sign className="inset-x-0 top-1/2 -translate-y-1/2 max-sm:hidden">
          <span>{`${explainPause(paused.reason)} The gate is shut.`}</span>
          {paused.until && (
            <span className="block pt-1 font-normal tabular-nums">
              Next try{' '}
              <b className="text-bad sm:text-3xl">
                <Countdown to={paused.until} />
              </b>
              .
            </span>
          )}
        </Sign>
      )}
    </div>
  )
}
