import type { ReactNode } from 'react'
import type { Backstage } from '@/app/(stage)/_lib/backstage'
import { formatCount } from '@/app/components/site/figures'
import { inkOf } from './looks'
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
        <Reading label="waiting" value={now?.waiting}>
          {stranded > 0 && `, ${formatCount(stranded)} stranded`}
        </Reading>
        <Reading label="retrying" value={now?.retrying} tone={inkOf('retrying')} />
      </dl>
      <dl className="grid grid-cols-2">
        <Reading label="in work" value={now?.working} tone={inkOf('sending')} />
        <Reading label="given up" value={now && now.failed + jobs} tone={inkOf('failed')} />
      </dl>
      <dl>
        <Reading label="sent" value={sent?.total} tone={inkOf('sent')}>
          {sent && sent.bounced > 0 && `, ${formatCount(sent.bounced)} bounced`}
        </Reading>
      </dl>
    </div>
  )
}

type ReadingProps = {
  label: string
  value: number | undefined
  unit?: string
  /** The colour if the number is not zero. */
  tone?: string
  children?: ReactNode
}

export function Reading({ label, value, unit, tone = '', children }: ReadingProps) {
  const text = value === undefined ? '–' : formatCount(value)
  // Two numbers share the width.
  const small = text.length > 5 ? 'text-3xl 2xl:text-4xl' : 'text-4xl 2xl:text-5xl'
  const size = text.length > 4 ? small : 'text-5xl 2xl:text-6xl'
  return (
    <div className="flex flex-col-reverse justify-end">
      <dt className="text-xl text-muted">
        {label}
        {children}
      </dt>
      <dd
        className={`${size} leading-12 font-bold tracking-tighter tabular-nums 2xl:leading-15 ${value ? tone : ''}`}
      >
        {text}
        {unit && value !== undefined && <span className="text-3xl"> {unit}</span>}
      </dd>
    </div>
  )
}
