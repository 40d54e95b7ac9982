import type { ReactNode } from 'react'
import type { Backstage } from '@/app/(stage)/_lib/backstage'
import { formatCount } from '@/app/components/site/figures'
import type { EmailStatus } from '@/lib/status/status'
import { inkOf, LOOKS } from './looks'
import { COLUMNS } from './picture'

type Props = {
  now: Backstage['now'] | undefined
  failedJobs: Backstage['failedJobs'] | undefined
  stranded: number | undefined
  sent: Backstage['sent'] | undefined
  /** Shown below the places for signup and reply. */
  children: ReactNode
}

/** The numbers of the picture, each under its place. */
export function Numbers({ now, failedJobs = {}, stranded = 0, sent, children }: Props) {
  const jobs = Object.values(failedJobs).reduce((sum, count) => sum + count, 0)
  return (
    <div className={`${COLUMNS} max-lg:grid-cols-1 max-lg:gap-y-6`}>
      <div className="flex flex-wrap gap-5 lg:col-span-2 lg:grid lg:grid-cols-subgrid">{children}</div>
      <dl className="grid grid-cols-2">
        <Reading label="waiting" value={now?.waiting} sign="queued">
          {stranded > 0 && <span>{`, ${formatCount(stranded)} stranded`}</span>}
        </Reading>
        <Reading label="retrying" value={now?.retrying} sign="retrying" />
      </dl>
      <dl className="grid grid-cols-2">
        <Reading label="in work" value={now?.working} sign="sending" />
        <Reading label="given up" value={now && now.failed + jobs} sign="failed" />
      </dl>
      <dl>
        <Reading label="sent" value={sent?.total} sign="sent">
          {sent && sent.bounced > 0 && (
            <span>
              , <Mark status="bounced" />
              <span>{`${formatCount(sent.bounced)} bounced`}</span>
            </span>
          )}
        </Reading>
      </dl>
    </div>
  )
}

type ReadingProps = {
  label: string
  value: number | undefined
  unit?: string
  /** The status whose sign in the picture the number counts. A number above zero has its colour. */
  sign?: EmailStatus
  children?: ReactNode
}

export function Reading({ label, value, unit, sign, children }: ReadingProps) {
  const text = value === undefined ? '–' : formatCount(value)
  // Two numbers share the width.
  const small = text.length > 5 ? 'text-3xl 2xl:text-4xl' : 'text-4xl 2xl:text-5xl'
  const size = text.length > 4 ? small : 'text-5xl 2xl:text-6xl'
  return (
    <div className="flex flex-col-reverse justify-end">
      <dt className="text-xl text-muted">
        {sign && <Mark status={sign} />}
        {label}
        {children}
      </dt>
      <dd
        className={`${size} leading-12 font-bold tracking-tighter tabular-nums 2xl:leading-15 ${value && sign ? inkOf(sign) : ''}`}
      >
        <span>{text}</span>
        {unit && value !== undefined && <span className="text-3xl"> {unit}</span>}
      </dd>
    </div>
  )
}

/** The sign of a status, as the picture draws it. */
function Mark({ status }: { status: EmailStatus }) {
  const { shape } = LOOKS[status]
  return (
    <svg
      aria-hidden
      viewBox="0 0 16 16"
      className={`mr-1.5 inline size-4 fill-none stroke-current stroke-3 align-[-0.1em] ${inkOf(status) || 'text-ink'}`}
    >
      {shape === 'cross' ? (
        <path d="M2 2L14 14M2 14L14 2" />
      ) : (
        <circle cx="8" cy="8" r="6" className={shape === 'disc' ? 'fill-current' : undefined} />
      )}
    </svg>
  )
}
