import { Paper } from '@/app/components/paper'
import { Confetti } from './confetti'

type Props = {
  /** By question, whether the first answer was the right one. */
  firstTries: boolean[]
  onAgain: () => void
}

/** The receipt for the knowledge check. Full marks are on the house. */
export function Score({ firstTries, onAgain }: Props) {
  const score = firstTries.filter(Boolean).length
  const perfect = score === firstTries.length
  return (
    <div className="relative lg:sticky lg:top-6">
      {perfect && <Confetti />}
      <Paper
        label="Your score"
        feeding
        stub={
          <>
            <p className="text-base text-muted">Knowledge check</p>
            <p className="mt-6 text-xl font-medium">
              Right at the first try
              <strong className="mt-4 block text-8xl leading-none font-semibold tracking-[-0.06em]">
                {score}
                <span className="text-4xl tracking-tight"> of {firstTries.length}</span>
              </strong>
            </p>
          </>
        }
      >
        <ol className="space-y-3 text-lg">
          {firstTries.map((right, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: the questions never move
            <li key={index} className="flex gap-2 whitespace-nowrap">
              <span className="font-semibold">question {index + 1}</span>
              <span aria-hidden className="leader mb-1.5 flex-1 text-muted" />
              <span>{right ? 'right' : 'in the end'}</span>
            </li>
          ))}
        </ol>
        {perfect && (
          <p className="pt-8 text-center">
            <strong className="inline-block -rotate-4 border-4 border-good px-4 py-1 font-sans text-3xl font-extrabold tracking-wider text-good uppercase [animation-delay:600ms] motion-safe:animate-stamp sm:text-4xl">
              On the house
            </strong>
          </p>
        )}
        <p className="mt-7 font-sans text-lg leading-7 text-pretty">
          {perfect
            ? 'A perfect score. You know what happens behind the scenes; the next coffee is ours.'
            : 'You have all the answers now. Can you do it in one go?'}
        </p>
        <button
          type="button"
          onClick={onAgain}
          className="mt-6 w-full cursor-pointer border-2 border-ink px-4 py-3 font-sans text-lg font-semibold hover:bg-ink hover:text-sheet"
        >
          Try again
        </button>
      </Paper>
    </div>
  )
}
