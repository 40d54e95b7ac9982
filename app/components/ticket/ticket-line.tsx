import { lazy, Suspense } from 'react'
import type { TimelineEntry } from '@/lib/status/status'
import { Countdown } from '../site/countdown'
import { formatDuration } from '../site/figures'
import { STATUS } from './words'

// Most mails need no reason. If the download fails, its code is shown.
const Reason = lazy(() => import('./reason').catch(() => ({ default: ({ code }: { code: string }) => code })))

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
      {entry.reason && (
        <p className="text-base text-muted">
          <Suspense fallback={'\u00a0'}>
            <Reason code={entry.reason} />
          </Suspense>
        </p>
      )}
      {entry.status === 'retrying' && last && entry.retryAt && (
        <p className="text-base font-semibold">
          attempt {attempt + 1} <Countdown from={entry.at} to={entry.retryAt} />
        </p>
      )}
    </li>
  )
}
