import type { ReactNode } from 'react'

type Props = {
  label: string
  /** True to animate the printing. */
  feeding?: boolean
  /** The part above the perforation. */
  stub: ReactNode
  children: ReactNode
}

export function Paper({ label, feeding = false, stub, children }: Props) {
  return (
    <section aria-label={label} className="@container relative scroll-mt-4 font-mono">
      <div aria-hidden className="relative z-1 h-3 rounded-full bg-ink dark:bg-line" />
      <div className="-mt-1.5 px-3 [clip-path:inset(0_-2rem_-2rem)]">
        <div
          className={`ticket drop-shadow-[0_1px_1px_rgb(60_40_20/0.12)] drop-shadow-[0_10px_16px_rgb(60_40_20/0.1)] ${feeding ? 'motion-safe:animate-feed' : ''}`}
        >
          <div className="sheet ticket-stub bg-sheet px-6 pt-9 pb-8 sm:px-8">{stub}</div>
          <div className="sheet ticket-rest relative overflow-x-clip bg-sheet px-6 pt-7 pb-10 sm:px-8">
            <div
              aria-hidden
              className="ticket-perforation absolute inset-x-4 top-0 border-t-2 border-dashed border-line"
            />
            {children}
          </div>
        </div>
      </div>
    </section>
  )
}
