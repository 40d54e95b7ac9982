import type { ReactNode } from 'react'
import type { Backstage } from '@/lib/stage/backstage'
import { COLUMNS } from './picture'

type Props = {
  now: Backstage['now'] | undefined
  sent: Backstage['sent'] | undefined
  /** Stands where the users come in. */
  children: ReactNode
}

/** How many are where, each number under its place in the picture. */
export function Numbers({ now, sent, children }: Props) {
  return (
    <div className={`${COLUMNS} mt-1 max-lg:grid-cols-1 max-lg:gap-y-6`}>
      <div className="lg:col-span-2">{children}</div>
      <dl className="grid grid-cols-2 gap-x-5 gap-y-4 max-sm:*:first:col-span-2 sm:grid-cols-5 lg:col-span-3 lg:grid-cols-subgrid">
        <div className="contents lg:flex lg:flex-wrap lg:gap-x-8">
          <Figure label="waiting" value={now?.waiting} />
          <Figure label="retrying" value={now?.retrying} tone="text-accent" />
        </div>
        <div className="contents lg:flex lg:flex-wrap lg:gap-x-8">
          <Figure label="in work" value={now?.working} tone="text-accent" />
          <Figure label="failed" value={now?.failed} tone={now?.failed ? 'text-bad' : ''} />
        </div>
        <Figure label="sent" value={sent?.total} tone="text-good">
          {sent && sent.bounced > 0 && `, ${sent.bounced.toLocaleString('en')} came back`}
        </Figure>
      </dl>
    </div>
  )
}

type FigureProps = { label: string; value: number | undefined; tone?: string; children?: ReactNode }

function Figure({ label, value, tone = '', children }: FigureProps) {
  return (
    <div className="flex min-w-24 flex-col-reverse justify-end">
      <dt className="text-xl text-muted">
        {label}
        {children}
      </dt>
      <dd className={`text-5xl leading-none font-bold tracking-tight tabular-nums xl:text-6xl ${tone}`}>
        {value?.toLocaleString('en') ?? '–'}
      </dd>
    </div>
  )
}
