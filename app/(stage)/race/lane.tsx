import type { ReactNode } from 'react'
import type { Snapshot } from '@/lib/status/status'
import { LittlePage } from './little-page'
import { formatWait, hasAnswers, longestWait } from './sum-up'
import type { Phase, Runner } from './use-race'

type Props = {
  title: string
  /** The title beside the bars. */
  label: string
  runners: Runner[]
  phase: Phase
  /** The mail of the first person. */
  mail?: Snapshot
  elapsed: number
  bars: ReactNode
  /** The text about the result. */
  children: ReactNode
}

/**
 * A little page and its bars. On a wide screen the pages are side by side, and all bars are below, on one scale. A phone
 * shows both lanes in one screen.
 */
export function Lane({ title, label, runners, phase, mail, elapsed, bars, children }: Props) {
  const waited = hasAnswers(runners) ? longestWait(runners) : elapsed
  const [value, unit] = (phase === 'ready' ? '0 ms' : formatWait(waited)).split(' ')
  return (
    <section aria-label={title} className="max-lg:space-y-2 lg:contents">
      <div className="lg:row-start-1">
        <h2 className="mb-1 text-xl lg:mb-2 font-semibold sm:text-2xl stage:mb-1">{title}</h2>
        <LittlePage runners={runners} phase={phase} mail={mail} />
      </div>
      <div className="grid grid-cols-[7.5rem_minmax(0,1fr)] gap-x-2 [--bars:clamp(4rem,9vh,6.5rem)] sm:grid-cols-[11rem_minmax(0,1fr)] lg:col-span-2 lg:grid-cols-[15rem_minmax(0,1fr)] lg:gap-x-6">
        <p className="lg:row-span-2">
          <span
            className={`block h-(--bars) content-center font-mono text-4xl leading-none sm:text-6xl lg:text-7xl font-semibold tracking-[-0.06em] whitespace-nowrap ${phase === 'ready' ? 'text-muted' : ''}`}
          >
            <span>{value}</span>
            <span className="text-xl tracking-tight sm:text-3xl">{` ${unit}`}</span>
          </span>
          <span className="text-lg text-muted max-lg:hidden">{label}</span>
        </p>
        {bars}
        <div className="min-h-8 pt-1 text-lg text-pretty max-lg:col-span-2 sm:text-xl">{children}</div>
      </div>
    </section>
  )
}
