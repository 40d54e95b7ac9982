import type { ReactNode } from 'react'

type Props = { title: string; children: ReactNode; figure?: ReactNode }

/** A chapter of the lesson: the title beside the text, and a figure as wide as the page. */
export function Section({ title, children, figure }: Props) {
  return (
    <section className="mt-20 border-t-4 border-ink pt-6 sm:mt-28 sm:pt-8">
      <div className="grid gap-x-16 gap-y-6 lg:grid-cols-[20rem_minmax(0,1fr)]">
        <h2 className="text-4xl leading-[1.04] font-bold text-balance sm:text-5xl">{title}</h2>
        <div className="max-w-2xl space-y-5 text-xl leading-8 text-pretty">{children}</div>
      </div>
      {figure && <div className="mt-10 sm:mt-14">{figure}</div>}
    </section>
  )
}
