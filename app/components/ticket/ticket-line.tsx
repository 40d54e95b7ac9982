import type { TimelineEntry } from '@/lib/status/status'
import { Countdown } from '../site/countdown'
import { formatDuration } from '../site/figures'
import { explainReason, STATUS } from './words'

type Props = {
  entry: TimelineEntry
  sinceClick: number
  /** True to animate the line. */
  fresh: boolean
  last: boolean
}

export function TicketLine({ entry, sinceClick, fresh, last }: Props) {
  const attempt = entry.attempt ?? 1
  return (
    <li className={fresh ? 'motion-safe:animate-print' : undefined}>
      <div className="flex gap-2 whitespace-nowrap">
        <span className="font-semibold">{STATUS[entry.status].line}</span>
        {entry.status === 'sending' && attempt > 1 && (
          <span className="text-muted">
            <span className="max-sm:sr-only">attempt </span>
            {attempt}
          </span>
        )}
        <span aria-hidden className="leader mb-1.5 flex-1 text-muted" />
        <time dateTime={entry.at}>+{formatDuration(sinceClick)}</time>
      </div>
      {entry.reason && <p className="text-base text-muted">{explainReason(entry.reason)}</p>}
      {entry.status === 'retrying' && last && entry.retryAt && (
        <p className="text-base font-semibold">
          attempt {attempt + 1} <Countdown from={entry.at} to={entry.retryAt} />
        </p>
      )}
    </li>
  )
}
