import type { Tone, Words } from './words'

const COLOR: Record<Tone, string> = {
  busy: 'border-accent text-accent',
  good: 'border-good text-good',
  bad: 'border-bad text-bad',
}

type Props = { words: Pick<Words, 'line' | 'tone'>; fresh?: boolean }

/** The final status, stamped on the ticket. */
export function Stamp({ words: { line, tone }, fresh = false }: Props) {
  return (
    <p className="py-4 text-center">
      <strong
        className={`stamp inline-block -rotate-4 border-4 px-3 py-1 font-sans text-2xl min-[23rem]:px-4 min-[23rem]:text-3xl sm:px-5 sm:text-4xl font-extrabold tracking-wider uppercase ${COLOR[tone]} ${fresh ? 'motion-safe:animate-stamp' : ''}`}
      >
        {line}
      </strong>
    </p>
  )
}
