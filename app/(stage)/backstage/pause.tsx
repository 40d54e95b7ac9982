import { useState } from 'react'
import type { Backstage } from '@/app/(stage)/_lib/backstage'
import { Countdown } from '@/app/components/site/countdown'
import { explainPause } from '@/app/components/ticket/reasons'
import { send } from './send'

/** Says why no mail goes out and when it resumes, with a button that stops all mail. Hidden in stage mode. */
export function Pause({ paused }: { paused: Backstage['paused'] | undefined }) {
  const [error, setError] = useState('')
  const byOperator = paused?.reason === 'paused_by_operator'

  async function toggle(): Promise<void> {
    const result = await send('PUT', '/api/backstage/pause', { paused: !byOperator })
    setError('error' in result ? result.error : '')
  }

  return (
    <div className="flex flex-wrap items-baseline gap-x-4 stage:sr-only">
      <p role="status" className="text-lg">
        {paused && (
          <span>
            <b className="font-semibold text-bad">No mail goes out.</b>{' '}
            <span>{explainPause(paused.reason)}</span>{' '}
            {paused.until && (
              <span className="whitespace-nowrap tabular-nums">
                Next try <Countdown to={paused.until} />.
              </span>
            )}
          </span>
        )}
      </p>
      <button
        type="button"
        disabled={paused === undefined}
        onClick={toggle}
        className="button px-4 py-1.5 text-lg stage:hidden"
      >
        {byOperator ? 'Let mail go out' : 'Stop all mail'}
      </button>
      <p role="alert" className="text-lg text-bad">
        {error}
      </p>
    </div>
  )
}
