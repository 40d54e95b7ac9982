import { useEffect, useRef } from 'react'
import { Takeaway } from '@/app/(stage)/takeaway'
import { Paper } from '@/app/components/ticket/paper'
import { Confetti } from './confetti'

type Props = {
  /** For each question, whether the first answer was right. Undefined until a right answer was given. */
  firstTries: (boolean | undefined)[]
  onAgain: () => void
}

/** The receipt for the quiz. Blank until all answers are right. */
export function Score({ firstTries, onAgain }: Props) {
  const ref = useRef<HTMLDivElement>(null)
  const complete = !firstTries.includes(undefined)
  const score = firstTries.filter(Boolean).length
  const perfect = score === firstTries.length

  useEffect(() => {
    if (!complete) return
    const still = window.matchMedia('(prefers-reduced-motion: reduce)').matches
    ref.current?.scrollIntoView({ block: 'nearest', behavior: still ? 'instant' : 'smooth' })
  }, [complete])

  return (
    <div ref={ref} className="relative scroll-my-4 lg:sticky lg:top-5">
      {perfect && <Confetti />}
      <Paper
        label="Your score"
        stub={
          <>
            <p className="text-base font-medium sm:text-xl">Right at the first try</p>
            <p className="mt-5 flex h-18 items-end gap-3 text-4xl leading-none font-semibold tracking-tight">
              {complete ? (
                <strong className="text-8xl leading-[0.75] font-semibold">{score}</strong>
              ) : (
                <span aria-hidden className="h-18 w-13 border-2 border-dashed border-line" />
              )}{' '}
              <span className={complete ? '' : 'text-muted'}>of {firstTries.length}</span>
            </p>
          </>
        }
      >
        <ol className="space-y-3 text-lg">
          {firstTries.map((first, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: the questions never move
            <li key={index} className="flex gap-2 whitespace-nowrap">
              <span className={first === undefined ? 'text-muted' : 'font-semibold'}>
                question {index + 1}
              </span>
              <span
                aria-hidden
                className={`leader mb-1.5 flex-1 ${first === undefined ? 'text-line' : 'text-muted'}`}
              />
              {first !== undefined && (
                <span className="motion-safe:animate-print">{first ? 'right' : 'in the end'}</span>
              )}
            </li>
          ))}
        </ol>
        <p className="mt-5 flex h-24 items-center justify-center">
          {perfect ? (
            <strong className="-rotate-4 border-4 border-good px-3 py-1 font-sans sm:px-4 text-[clamp(1.25rem,6.4vw,1.875rem)] font-extrabold tracking-wider whitespace-nowrap text-good uppercase motion-safe:animate-stamp">
              On the house
            </strong>
          ) : (
            <span aria-hidden className="h-14 w-60 max-w-full -rotate-4 border-4 border-dashed border-line" />
          )}
        </p>
        {perfect && <Takeaway className="mb-4 font-sans text-2xl leading-tight" />}
        <p role="status" className="min-h-14 font-sans text-lg leading-7 text-balance">
          {complete && (
            <>
              <span className="sr-only">
                {score} of {firstTries.length} right at the first try.{' '}
              </span>
              <span>
                {perfect
                  ? 'A perfect score. You know what happens behind the scenes; the next coffee is ours.'
                  : 'You have all the answers now. Can you do it in one go?'}
              </span>
            </>
          )}
        </p>
        {complete && (
          <button
            type="button"
            onClick={onAgain}
            className="mt-5 w-full cursor-pointer border-2 border-ink px-4 py-3 font-sans text-lg font-semibold hover:bg-ink hover:text-sheet"
          >
            Try again
          </button>
        )}
      </Paper>
    </div>
  )
}
