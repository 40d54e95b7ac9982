import { useEffect } from 'react'
import { formatDuration } from '@/app/components/site/figures'
import { type Row, sumUpWaits } from './compare'
import type { Order } from './simulate'
import { useRealRun } from './use-real-run'

export type Measured = {
  row: Row
  /** The time of a request to the mail service. */
  requestMs: number
}
type Props = { orders: Order[]; onMeasured: (measured: Measured) => void }

/** Sends the same orders as real signups through the app's own queue, and adds a row with the measured times. */
export function RealRun({ orders, onMeasured }: Props) {
  const { phase, people, mails, requestMs, hasNoWorker, start } = useRealRun(orders)
  const over = phase === 'over'

  // biome-ignore lint/correctness/useExhaustiveDependencies: runs once, when the run is over
  useEffect(() => {
    if (!over || mails.length === 0) return
    const row = {
      title: 'This app’s own queue, measured',
      person: sumUpWaits(people),
      mail: sumUpWaits(mails),
    }
    onMeasured({ row, requestMs })
  }, [over])

  return (
    <div className="mt-8 flex flex-wrap items-center gap-x-6 gap-y-4">
      <button
        type="button"
        aria-disabled={phase === 'running'}
        onClick={() => phase !== 'running' && void start()}
        className="button aria-disabled:cursor-progress"
      >
        Send them through our own queue
      </button>
      <p role="status" className="min-h-14 flex-1 basis-72 text-lg leading-7 text-pretty">
        {phase === 'running' && (
          <span>{`${orders.length} people sign up for real. Their mails are on the way.`}</span>
        )}
        {hasNoWorker && <span> No worker is on duty: they wait in the queue.</span>}
        {over && mails.length === orders.length && (
          <span>
            All {orders.length} mails are sent. The mail service of this app takes {formatDuration(requestMs)}{' '}
            for a request. So all rows are counted with that.
          </span>
        )}
        {over && mails.length < orders.length && (
          <span>
            Only {mails.length} of {orders.length} mails were sent: the Backstage shows why.
          </span>
        )}
      </p>
    </div>
  )
}
