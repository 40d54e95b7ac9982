import type { ReactNode, Ref } from 'react'
import type { Tone } from '../ticket/words'

const COLOR: Record<Tone, string> = { busy: 'text-accent', good: 'text-good', bad: 'text-bad' }

type Props = {
  children: ReactNode
  /** The last line, in colour. */
  news?: string
  tone?: Tone
  /** The id of a text that a screen reader reads when the headline gets the focus. */
  describedBy?: string
  ref?: Ref<HTMLHeadingElement>
}

/** The text is within elements of its own, because a browser that translates the page replaces texts. */
export function Headline({ children, news, tone = 'busy', describedBy, ref }: Props) {
  return (
    <h1
      ref={ref}
      tabIndex={-1}
      aria-describedby={describedBy}
      className="text-[clamp(3rem,13.5vw,5rem)] leading-[0.96] font-bold text-balance outline-none lg:text-[clamp(4rem,min(6.9vw,11vh),6.25rem)]"
    >
      <span>{children}</span> {news && <span className={`block ${COLOR[tone]}`}>{news}</span>}
    </h1>
  )
}
