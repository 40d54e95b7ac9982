import type { ReactNode } from 'react'
import { LittlePage } from './little-page'
import type { Phase, Runner } from './use-race'
import { formatWait, hasAnswers, longestWait } from './words'

type Props = {
  title: string
  /** Says the same in the chart. */
  label: string
  runners: Runner[]
  phase: Phase
  elapsed: number
  bars: ReactNode
  /** What becomes of it. */
  children: ReactNode
}

/** A little page and its bars. On a wide screen the pages stand side by side, and all bars below, on one scale. */
export function Lane({ title, label, runners, phase, elapsed, bars, children }: Props) {
  const waited = hasAnswers(runners) ? longestWait(runners) : elapsed
  return (
    <section aria-label={title} className="max-lg:space-y-4 lg:contents">
      <div className="lg:row-start-1">
        <h2 className="mb-2 text-xl font-semibold sm:text-2xl">{title}</h2>
        <LittlePage runners={runners} phase={phase} />
      </div>
      <div className="grid gap-x-6 lg:col-span-2 lg:grid-cols-[15rem_minmax(0,1fr)]">
        <p className="lg:row-span-2">
          <span className="block font-mono text-6xl leading-16 font-semibold tracking-tighter whitespace-nowrap">
            {phase === 'ready' ? <span className="text-muted">0 ms</span> : formatWait(waited)}
          </span>
          <span className="text-lg text-muted">{label}</span>
        </p>
        {bars}
        <div className="min-h-8 text-xl text-pretty">{children}</div>
      </div>
    </section>
  )
}
